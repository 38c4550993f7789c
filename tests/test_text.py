"""Text made safe to print."""

from __future__ import annotations

import pytest

from vlret.text import (
    count_of,
    is_utf8_text,
    no_formula,
    printable,
    short_repr,
    without_credentials,
    without_mark,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("holiday.mp4", "holiday.mp4"),
        ("Ferien am Meer - Köln 日本.mp4", "Ferien am Meer - Köln 日本.mp4"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\nvlret: error", r"a\nvlret: error"),
        ("a\r\t\x07", r"a\r\t\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("gpj.\u202exe", r"gpj.\u202exe"),
        ("a\u2028b", r"a\u2028b"),
        ("bad\udcff.mp4", r"bad\udcff.mp4"),
        ("👩‍🚀.mp4", "👩‍🚀.mp4"),
    ],
)
def test_control_characters_are_escaped(text, shown):
    assert printable(text) == shown


def test_a_path_is_taken_too(tmp_path):
    assert printable(tmp_path) == str(tmp_path)


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1"])
def test_formulas_become_text(text):
    assert no_formula(text) == f"'{text}"
    assert without_mark(no_formula(text)) == text


@pytest.mark.parametrize("cell", ["a=b", "/v/=a.mp4", "'=1", "", " =1", -0.5, 3, None])
def test_other_cells_stay(cell):
    assert no_formula(cell) == cell


@pytest.mark.parametrize("cell", ["a", "", "'", "'a", "''=1"])
def test_only_the_mark_of_a_formula_is_taken_away(cell):
    assert without_mark(cell) == cell


def test_a_number_has_its_noun():
    assert [count_of(n, "file") for n in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


def test_a_value_in_an_error_is_short_and_on_one_line():
    assert short_repr("a\n\x1b") == r"'a\n\x1b'"
    assert len(short_repr("a" * 1000)) == 60
    assert short_repr(["\u202e"]) == r"['\u202e']"


@pytest.mark.parametrize(
    ("value", "valid"), [("Köln 日本", True), ("", True), ("\udcff", False), (b"a", False), (1, False)]
)
def test_a_lone_surrogate_is_not_utf8(value, valid):
    assert is_utf8_text(value) is valid


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://camera:554/live", "rtsp://camera:554/live"),
        ("rtsp://me:secret@camera/live", "rtsp://***@camera/live"),
        ("rtsp://me:se/cr@t?x@camera/live", "rtsp://***@camera/live"),
        ("http://camera/video.cgi?user=me&pwd=secret", "http://camera/video.cgi?***"),
        ("lost http://me:secret@a/?b=secret, again", "lost http://***@a/?*** again"),
        ("a@b.mp4?", "a@b.mp4?"),
    ],
)
def test_passwords_in_addresses_are_masked(address, shown):
    assert without_credentials(address) == shown
