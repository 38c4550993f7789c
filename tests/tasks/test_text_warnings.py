"""texts.py: warnings about texts that a model does not read as they stand."""

from __future__ import annotations

import pytest

from vlret.tasks.text_warnings import log_text_warnings, looks_english


@pytest.mark.parametrize(
    "text",
    ["a dog on the beach", "naïve café", "red", "Hund", "", "1234 !?", "a man in Los Angeles", "tai-chi",
     "the el train", "die hard"],
)  # fmt: skip
def test_lets_english_and_doubtful_texts_pass(text):
    assert looks_english(text)


@pytest.mark.parametrize(
    "text",
    ["собака на пляже", "海滩上的狗", "ein Hund läuft über die Wiese", "un chien dans la rue",
     "un perro con una pelota", "een hond op het strand"],
)  # fmt: skip
def test_notices_other_languages(text):
    assert not looks_english(text)


def test_says_nothing_about_a_short_english_text(colour_model, caplog):
    log_text_warnings(colour_model, "a red car")
    assert not caplog.records


def test_warns_once_for_each_fault(colour_model, caplog):
    log_text_warnings(colour_model, "ein Auto und " * 10)
    assert ["reads only the first 16" in r.getMessage() for r in caplog.records] == [True, False]
    assert "does not look like English" in caplog.records[1].getMessage()


def test_a_long_text_is_not_repeated_whole(colour_model, caplog):
    log_text_warnings(colour_model, "red " * 1000)
    assert len(caplog.records[0].getMessage()) < 150
