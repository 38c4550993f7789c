"""Windows in time: the threshold does not depend on their rate, and segments begin where a reader expects it."""

from __future__ import annotations

import numpy as np
import pytest

from vlret.errors import UsageError
from vlret.segmentation.spans import spans, window_starts


def test_overlapping_windows_are_cut_between_their_centres():
    starts_s = np.arange(9) / 2
    assert spans(starts_s, starts_s + 2, np.array([0, 4])) == [(0, 2.75), (2.75, 6)]


def test_clips_that_follow_each_other_are_cut_where_they_meet():
    assert spans(np.array([0, 3, 4.5]), np.array([3, 4.5, 10]), np.array([0, 1, 2])) == [
        (0, 3),
        (3, 4.5),
        (4.5, 10),
    ]


def test_one_window_is_one_segment():
    assert spans(np.array([0.0]), np.array([0.0]), np.array([0])) == [(0, 0)]


@pytest.mark.parametrize("rate", [0.5, 1, 2, 8])
def test_the_threshold_does_not_depend_on_the_rate(rate):
    seconds = np.arange(0, 20, 1 / rate)
    vectors = np.where(seconds[:, None] < 10, [1.0, 0.0], [0.8, 0.6]).astype(np.float32)
    # 10 * 10 / 20 * (0.2^2 + 0.6^2) = 2
    assert len(window_starts(seconds, vectors, threshold=1.99)) == 2
    assert len(window_starts(seconds, vectors, threshold=2.01)) == 1


def test_without_a_number_or_threshold_there_is_a_default():
    vectors = np.array([[1.0, 0.0]] * 20 + [[0.0, 1.0]] * 20, np.float32)
    assert window_starts(np.arange(40) / 2, vectors).tolist() == [0, 20]
    assert window_starts(np.arange(1.0), vectors[:1]).tolist() == [0]


def test_clips_that_begin_at_the_same_time():
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], np.float32)
    assert window_starts(np.zeros(3), vectors, threshold=0.5).tolist() == [0, 2]


@pytest.mark.parametrize("threshold", ["1", -1, float("nan")])
def test_thresholds_are_checked(threshold):
    with pytest.raises(UsageError) as error:
        window_starts(np.arange(2.0), np.ones((2, 2), np.float32), threshold=threshold)
    assert error.value.code == "bad_segment_threshold"
