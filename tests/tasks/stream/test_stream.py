from __future__ import annotations

import threading
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

import vlret
from tests.cli.conftest import paint_video
from tests.conftest import ColourEmbedder
from tests.refusal import refused
from vlret.models.captioners.base import Captioner
from vlret.tasks.stream.stream import StreamEvent
from vlret.types import Caption, Vectors


class Colours(Captioner):
    """Names the largest colour, and counts how often it is asked."""

    name, revision, space = "colours", "1", "0" * 64

    def __init__(self, unknown_threshold: float | None = None) -> None:
        self.unknown_threshold = unknown_threshold
        self.n_asked = 0

    def caption(self, embeddings: Vectors) -> list[Caption]:
        self.n_asked += len(embeddings)
        return [Caption(("red", "green", "blue")[row[:3].argmax()], float(row.max())) for row in embeddings]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Red, blue, red, green, 8 s each."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    paint_video(path, "red", "blue", "red", "green", seconds=8)
    return path


def events_of(source, captioner=None, **settings) -> list[StreamEvent]:
    return list(vlret.stream(source, captioner or Colours(), model=ColourEmbedder(), **settings))


def test_each_event_has_a_text_and_a_return_is_not_described_again(film):
    captioner = Colours()
    events = events_of(film, captioner)
    assert [event.text for event in events] == ["red", "blue", "red", "green"]
    assert [event.reuses for event in events] == [None, None, 0, None]
    assert captioner.n_asked == 3
    assert [event.start_s for event in events] == pytest.approx([0, 8, 16, 24], abs=1.0)
    assert all(event.decided_s - event.start_s <= 3.0 for event in events)
    assert all(event.score > 0.9 for event in events)


def test_the_score_of_a_reused_text_is_its_own(film):
    events = events_of(film)
    assert events[2].score == pytest.approx(
        float(np.dot(*ColourEmbedder().embed_texts(["red", "red"]))), abs=0.02
    )


@pytest.mark.parametrize("delay_s", [2.0, 2.5, 4.0])
def test_the_delay_counts_from_the_start_that_is_stated(film, delay_s):
    events = events_of(film, delay_s=delay_s)
    assert len(events) == 4
    assert all(event.decided_s - event.start_s <= delay_s for event in events)


def test_the_longest_silence(film):
    starts = [event.start_s for event in events_of(film, max_silence_s=4.0)]
    assert max(np.diff(starts)) <= 4.5
    assert len(starts) >= 8


def test_what_the_model_does_not_know_is_unknown(film):
    assert {event.text for event in events_of(film, Colours(unknown_threshold=1.1))} == {"unknown"}


def test_a_captioner_without_words_knows_nothing(film, monkeypatch):
    monkeypatch.setattr(Colours, "caption", lambda _, rows: [Caption("", 0.5)] * len(rows))
    assert {event.text for event in events_of(film)} == {"unknown"}


def test_what_was_unknown_has_the_score_of_its_own_text_when_it_comes_back(film):
    known, unknown = events_of(film), events_of(film, Colours(unknown_threshold=1.1))
    assert unknown[2].reuses == 0
    assert [event.score for event in unknown] == pytest.approx([event.score for event in known])


def test_an_image_is_one_event(tmp_path):
    from PIL import Image

    Image.new("RGB", (16, 16), (0, 0, 255)).save(tmp_path / "blue.png")
    (event,) = events_of(tmp_path / "blue.png")
    assert (event.text, event.start_s) == ("blue", 0.0)


def test_leaving_the_loop_ends_the_reading(film):
    before = set(threading.enumerate())
    events = vlret.stream(film, Colours(), model=ColourEmbedder())
    for event in events:
        assert event.text == "red"
        break
    for thread in set(threading.enumerate()) - before:
        thread.join(5)  # a timer that was cancelled takes a moment
    assert set(threading.enumerate()) <= before


def test_counts(film):
    events = vlret.stream(film, Colours(), model=ColourEmbedder())
    list(events)
    assert (events.n_events, events.n_reused, events.n_dropped) == (4, 1, 0)


def test_texts_that_cannot_be_reused_any_more_are_forgotten(film, monkeypatch):
    events = vlret.stream(film, Colours(), model=ColourEmbedder(), max_silence_s=4.0)
    events._settings = replace(events._settings, described=1)
    list(events)
    assert len(events._texts) == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"rate_hz": 0}, "invalid_rate"),
        ({"rate_hz": 31}, "invalid_rate"),
        ({"rate_hz": "2"}, "invalid_rate"),
        ({"delay_s": 1.5}, "delay_too_short"),
        ({"delay_s": None}, "invalid_event_settings"),
        ({"min_dwell_s": -1}, "invalid_event_settings"),
        ({"min_dwell_s": "1"}, "invalid_event_settings"),
        ({"min_dwell_s": float("nan")}, "invalid_event_settings"),
        ({"max_silence_s": 3.0}, "invalid_event_settings"),
        ({"source": "missing.mp4"}, "media_not_found"),
        ({"source": "ftp://a/b"}, "unknown_scheme"),
        ({"captioner": "auto"}, "no_captioner"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_read(film, given, code):
    with refused(code):
        vlret.stream(**{"source": film, "captioner": Colours(), "model": ColourEmbedder(), **given})


def test_memory_is_flat_over_ten_minutes(tmp_path):
    """A short form of `python -m benchmarks.stream_memory`."""
    paint_video(tmp_path / "long.mp4", *("red", "blue", "green") * 10, seconds=20)
    held = []
    events = vlret.stream(tmp_path / "long.mp4", Colours(), model=ColourEmbedder())
    tracemalloc.start()
    for event in events:
        held.append((event.start_s, tracemalloc.get_traced_memory()[0]))
    tracemalloc.stop()
    assert held[-1][0] > 570
    early, late = (max(n for start, n in held if first <= start < first + 200) for first in (100, 400))
    assert late < early + 100_000
