"""types.py: values that cannot be clips or frames are refused when they are made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vlret.errors import UsageError
from vlret.types import Clip, Frames, check_count

PIXELS = np.zeros((2, 4, 5, 3), np.uint8)


@pytest.mark.parametrize("start", [-1, "0", None, float("nan"), float("inf"), 2.0])
def test_a_clip_starts_before_it_ends(start):
    with pytest.raises(UsageError, match="Give 0 <= start < end"):
        Clip(Path("a.mp4"), start, 2.0)


@pytest.mark.parametrize("end", [0, "2", float("nan")])
def test_a_clip_ends_after_its_start(end):
    with pytest.raises(UsageError, match="Give 0 <= start < end"):
        Clip(Path("a.mp4"), 0.0, end)


def test_numbers_of_numpy_are_times():
    assert Clip("a.mp4", np.float32(1), np.int64(2)) == Clip(Path("a.mp4"), 1.0, 2.0)


@pytest.mark.parametrize("path", [None, 5, b"a.mp4", ["a.mp4"]])
def test_the_path_of_a_clip_is_a_path(path):
    with pytest.raises(UsageError, match="path of a clip was given as"):
        Clip(path)


@pytest.mark.parametrize(
    ("pixels", "times"),
    [
        (PIXELS / 255, np.zeros(2)),
        (PIXELS.tolist(), np.zeros(2)),
        (PIXELS, np.zeros(3)),
        (PIXELS, [0.0, 1.0]),
        (PIXELS, None),
    ],
)
def test_frames_are_pixels_with_a_time_each(pixels, times):
    with pytest.raises(UsageError):
        Frames(pixels, times)


@pytest.mark.parametrize("value", [0, -1, 2.0, "3", None, float("nan")])
def test_a_count_is_a_whole_number_from_one_on(value):
    with pytest.raises(UsageError, match=r"k was given as .*1 or more"):
        check_count(value, "k")


def test_counts_of_numpy_are_counts():
    check_count(np.int64(3), "k")


@pytest.mark.parametrize(("end", "row_end"), [(7.5, 7.5), (None, 2.0)])
def test_an_image_ends_at_its_start_in_rows(end: float | None, row_end: float):
    clip = Clip(Path("a.jpg"), 2.0, end)
    assert clip.row_end == row_end
    assert Clip.from_row("a.jpg", 2.0, clip.row_end) == clip
    assert Clip.from_row("a.jpg", 2.0, end) == clip
