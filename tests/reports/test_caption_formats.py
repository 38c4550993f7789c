"""Captions as text; subtitles are read back by FFmpeg, as players read them."""

from __future__ import annotations

import csv
import json

import av
import pytest

from vlret.reports.caption_formats import FORMATS
from vlret.types import ClipCaption

ODD_TEXTS = [
    "a man & a woman",
    "x < y > z",
    "a --> b",
    "a ---> b",
    "two\n\nlines\r\nand\x0b more",
    "  spaces  ",
    "3\n00:00:01,000",
    "NOTE this",
    "WEBVTT",
    "日本の猫",
    "unknown",
]


def write(tmp_path, form, items):
    file = tmp_path / f"a{FORMATS[form].suffix}"
    file.write_text(FORMATS[form].head + FORMATS[form].body(items), encoding="utf-8")
    return file


def read_back(file):
    """(start, end, text) of each cue, in ms; FFmpeg's text is that of an ASS event."""
    with av.open(str(file)) as container:
        stream = container.streams.subtitles[0]
        assert stream.time_base * 1000 == 1
        packets = [packet for packet in container.demux(stream) if packet.pts is not None]
        return [
            (packet.pts, packet.pts + packet.duration, packet.decode()[0].dialogue.decode())
            for packet in packets
        ]


def captions(*spans, text="a dog"):
    return [ClipCaption("a.mp4", start, end, text, 0.5) for start, end in spans]


@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_times_of_many_hours(tmp_path, form):
    spans = [(0, 2.5), (2.5, 59.9996), (3599.9994, 3661.0625), (359_999.999, 360_000.5)]
    cues = read_back(write(tmp_path, form, captions(*spans)))
    assert [cue[:2] for cue in cues] == [
        (0, 2500), (2500, 60_000), (3_599_999, 3_661_062), (359_999_999, 360_000_500),
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_overlapping_and_empty_spans_become_cues_one_after_another(tmp_path, form):
    spans = [(0, 10), (5, 15), (10, 10), (10.5, 10.5), (20, 20.0001)]
    cues = read_back(write(tmp_path, form, captions(*spans)))
    assert [cue[:2] for cue in cues] == [
        (0, 5000), (5000, 10_000), (10_000, 10_500), (10_500, 11_500), (20_000, 20_001),
    ]  # fmt: skip


def test_an_image_is_a_cue_of_a_second(tmp_path):
    assert read_back(write(tmp_path, "vtt", captions((0, 0)))) == [(0, 1000, "a dog")]


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_any_text_stays_one_cue_of_vtt(tmp_path, text):
    cues = read_back(write(tmp_path, "vtt", captions((0, 1), (1, 2), text=text)))
    assert [cue[2] for cue in cues] == [" ".join(text.split())] * 2


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_any_text_stays_one_cue_of_srt(tmp_path, text):
    cues = read_back(write(tmp_path, "srt", captions((0, 1), (1, 2), text=text)))
    assert [cue[2] for cue in cues] == [" ".join(text.split()).replace("---", "--").replace("-->", "->")] * 2


@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_control_characters_are_escaped_in_subtitles(form):
    assert "a\\x1b[31m dog\\x00\n" in FORMATS[form].body(captions((0, 1), text="a\x1b[31m dog\0"))


def test_srt_to_the_byte():
    assert FORMATS["srt"].body(captions((0, 2), (2, 4))) == (
        "1\n00:00:00,000 --> 00:00:02,000\na dog\n\n2\n00:00:02,000 --> 00:00:04,000\na dog\n\n"
    )


def test_vtt_to_the_byte():
    text = FORMATS["vtt"].head + FORMATS["vtt"].body(captions((0, 2), text="<a> & b"))
    assert text == "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n&lt;a&gt; &amp; b\n\n"


def test_csv_and_json_lines_have_the_same_columns(tmp_path):
    items = [ClipCaption('a "b".mp4', 0.0, 2.5, "=1+1, or\n2", 0.25)]
    with write(tmp_path, "csv", items).open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    (line,) = write(tmp_path, "jsonl", items).read_text().splitlines()
    assert json.loads(line) == {
        "path": 'a "b".mp4', "start": 0.0, "end": 2.5, "text": "=1+1, or\n2", "score": 0.25,
    }  # fmt: skip
    assert row == {
        "path": 'a "b".mp4', "start": "0.0", "end": "2.5", "text": "'=1+1, or\n2", "score": "0.25",
    }  # fmt: skip


def test_text_has_a_line_for_the_file_and_each_caption():
    items = captions((0, 75), (75, 75), text="a\ndog\x1b[31m")
    assert FORMATS["text"].body(items) == (
        "a.mp4\n   0.500  0:00-1:15        a\\ndog\\x1b[31m\n   0.500                   a\\ndog\\x1b[31m\n"
    )
