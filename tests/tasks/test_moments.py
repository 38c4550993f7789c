"""moments.py: spans cut from curves of known shape."""

from __future__ import annotations

import numpy as np
import pytest

from tests.index.synthetic import synthetic_index, unit_rows
from vlret.index.windows import Windows
from vlret.tasks.moments import Moment, ScoreCurve, baseline_of, curve_of, moment_near, moments


def curve(*scores: float, baseline: float = 0.0) -> ScoreCurve:
    """Windows of 1 s, one a second."""
    n = len(scores)
    return ScoreCurve(np.arange(n) + 0.5, np.float32(scores), 0.0, float(n), baseline)


def test_a_moment_ends_where_the_scores_fall_below_the_level():
    found = moments(curve(0, 0.5, 0.59, 0.61, 1.0, 0.7, 0.3, 0))
    assert found == [Moment(3.0, 6.0, 1.0)]


def test_a_short_dip_does_not_end_a_moment_and_a_long_one_does():
    assert moments(curve(0, 1, 1, 0.2, 1, 1, 0)) == [Moment(1.0, 6.0, 1.0)]
    found = moments(curve(0, 1, 1, 0.1, 0.1, 0.9, 0.9, 0))
    assert found == [Moment(1.0, 3.0, 1.0), Moment(5.0, 7.0, pytest.approx(0.9))]


def test_the_best_moment_comes_first_and_none_overlap():
    found = moments(curve(0.8, 0, 0, 1, 0, 0, 0.7, 0.7, 0.1))
    assert [(one.start, one.end) for one in found] == [(3, 4), (0, 1), (6, 8)]


def test_the_level_stands_on_the_baseline():
    scores = (0.5, 0.55, 0.7, 0.9, 0.7, 0.5)
    assert moments(curve(*scores, baseline=0.5)) == [Moment(3.0, 4.0, pytest.approx(0.9))]
    assert moments(curve(*scores, baseline=0.0)) == [Moment(1.0, 5.0, pytest.approx(0.9))]


def test_a_curve_that_is_not_above_the_baseline_has_no_moment():
    assert moments(curve(-0.1, -0.2)) == []
    assert moments(curve(0.1, 0.19, 0.25, baseline=0.25)) == []
    assert moment_near(curve(0.1, 0.19, 0.3, baseline=0.2), 0, 2) is None


def test_near_a_clip_the_peak_within_it_counts():
    scores = (0, 0.5, 0.5, 0, 0, 1, 1, 0)
    assert moment_near(curve(*scores), 0, 4) == Moment(1.0, 3.0, 0.5)
    assert moment_near(curve(*scores), 4, 6) == Moment(5.0, 7.0, 1.0)  # beyond the clip
    assert moment_near(curve(*scores), 20, 30) is None


def test_borders_lie_half_way_between_windows_and_at_the_ends_of_the_video():
    uneven = ScoreCurve(np.array([1.0, 2.0, 5.0]), np.float32([1, 1, 0]), 0.25, 7.0, 0.0)
    assert moments(uneven) == [Moment(0.25, 3.5, 1.0)]
    assert moments(curve(0.9)) == [Moment(0.0, 1.0, pytest.approx(0.9))]


def test_a_curve_is_the_cosines_of_windows_beside_a_baseline():
    windows = Windows(np.array([0.0, 0.5]), np.array([2.0, 3.0]), np.eye(3, dtype=np.float32)[:2], 3.0)
    found = curve_of(windows, np.float32([1, 0, 0]), 0.2)
    assert (found.times_s.tolist(), found.scores.tolist()) == ([1.0, 1.75], [1.0, 0.0])
    assert (found.start, found.end) == (0.0, 3.0)
    assert found.baseline == 0.2


@pytest.mark.parametrize("n_clips", [1, 7, 2600])
def test_the_baseline_is_the_median_over_clips_of_the_index(tmp_path, n_clips):
    vectors = unit_rows(n_clips, 8)
    index = synthetic_index(tmp_path, vectors)
    scores = index.vectors()[:: 1 + n_clips // 1000] @ vectors[0]
    assert baseline_of(index, vectors[0]) == pytest.approx(np.median(scores), abs=1e-5)


def test_the_baseline_of_an_index_without_clips_is_zero(tmp_path):
    assert baseline_of(synthetic_index(tmp_path, np.empty((0, 2), np.float32), []), np.float32([1, 0])) == 0
