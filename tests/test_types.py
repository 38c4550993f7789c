"""types.py: values that cannot be clips or frames are refused when they are made."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vlret.errors import UsageError
from vlret.types import (
    Answer,
    Candidate,
    Clip,
    Frames,
    Label,
    LabelScore,
    check_count,
    labels_to_json,
    location,
)

PIXELS = np.zeros((2, 4, 5, 3), np.uint8)


@pytest.mark.parametrize("start", [-1, "0", None, float("nan"), float("inf"), 2.0])
def test_a_clip_starts_before_it_ends(start):
    with pytest.raises(UsageError) as error:
        Clip(Path("a.mp4"), start, 2.0)
    assert error.value.code == "invalid_span"


@pytest.mark.parametrize("end", [0, "2", float("nan")])
def test_a_clip_ends_after_its_start(end):
    with pytest.raises(UsageError, match="Give 0 <= start < end") as error:
        Clip(Path("a.mp4"), 0.0, end)
    assert (error.value.code, error.value.fields["path"]) == ("invalid_span", Path("a.mp4"))


def test_numbers_of_numpy_are_times():
    assert Clip("a.mp4", np.float32(1), np.int64(2)) == Clip(Path("a.mp4"), 1.0, 2.0)


@pytest.mark.parametrize("path", [None, 5, b"a.mp4", ["a.mp4"]])
def test_the_path_of_a_clip_is_a_path(path):
    with pytest.raises(UsageError, match="path of a clip was given as") as error:
        Clip(path)
    assert error.value.code == "wrong_type"


@pytest.mark.parametrize(
    ("pixels", "times", "code"),
    [
        (PIXELS / 255, np.zeros(2), "not_pixels"),
        (PIXELS.tolist(), np.zeros(2), "wrong_type"),
        (PIXELS, np.zeros(3), "frame_times_mismatch"),
        (PIXELS, [0.0, 1.0], "frame_times_mismatch"),
        (PIXELS, None, "frame_times_mismatch"),
    ],
)
def test_frames_are_pixels_with_a_time_each(pixels, times, code):
    with pytest.raises(UsageError) as error:
        Frames(pixels, times)
    assert error.value.code == code


@pytest.mark.parametrize("value", [0, -1, 2.0, "3", None, float("nan")])
def test_a_count_is_a_positive_integer(value):
    with pytest.raises(UsageError, match="k was given as") as error:
        check_count(value, "k")
    assert error.value.code == "not_a_count"


def test_counts_of_numpy_are_counts():
    check_count(np.int64(3), "k")


@pytest.mark.parametrize(("end", "row_end"), [(7.5, 7.5), (None, 2.0)])
def test_an_image_ends_at_its_start_in_rows(end: float | None, row_end: float):
    clip = Clip(Path("a.jpg"), 2.0, end)
    assert clip.row_end == row_end
    assert Clip.from_row("a.jpg", 2.0, clip.row_end) == clip
    assert Clip.from_row("a.jpg", 2.0, end) == clip


def test_a_location_is_the_path_and_the_span():
    assert location(Clip(Path("a.mp4"), 1.0, 2.0)) == ("a.mp4", 1.0, 2.0)
    assert location(Path("a.mp4")) == ("a.mp4", 0.0, None)
    assert location(PIXELS) == ("", 0.0, None)


def test_labels_and_answers_are_json_documents():
    score = LabelScore("cat", 0.5, 0.75)
    label = Label("a.mp4", 0.0, None, "cat", 0.5, 0.75, 0.25, (score,))
    item = {
        "path": "a.mp4", "start": 0.0, "end": None, "label": "cat", "score": 0.5, "probability": 0.75, "margin": 0.25,
        "top": [{"label": "cat", "score": 0.5, "probability": 0.75}],
    }  # fmt: skip
    assert labels_to_json("clip", ("cat", "dog"), [label]) == {
        "model": "clip",
        "labels": ["cat", "dog"],
        "items": [item],
    }
    answer = Answer("a.mp4", 1.0, 2.0, "what?", "a cat", (Candidate("a cat", 0.5), Candidate("a dog", 0.25)))
    assert answer.to_json("clip") == {
        "model": "clip", "path": "a.mp4", "start": 1.0, "end": 2.0, "question": "what?", "answer": "a cat",
        "candidates": [{"answer": "a cat", "score": 0.5}, {"answer": "a dog", "score": 0.25}],
    }  # fmt: skip
    assert list(json.loads(json.dumps(label.to_json()))) == list(item)  # the order of the keys, too
