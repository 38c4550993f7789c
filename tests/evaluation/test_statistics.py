"""The bootstrap against scipy's and against what grouping must do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vlret.evaluation.statistics import bootstrap_interval


def test_agrees_with_scipy() -> None:
    values = np.random.default_rng(0).random(300)
    reference = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=5000, rng=0
    ).confidence_interval
    assert bootstrap_interval(values, draws=5000) == pytest.approx(tuple(reference), abs=0.005)


def test_equal_values_in_a_group_widen_the_interval() -> None:
    values = np.repeat(np.random.default_rng(0).random(60) < 0.5, 5).astype(float)
    groups = np.repeat(np.arange(60), 5)
    low, high = bootstrap_interval(values)
    grouped_low, grouped_high = bootstrap_interval(values, groups)
    assert (grouped_high - grouped_low) > 1.8 * (high - low)


def test_is_the_same_each_time() -> None:
    assert bootstrap_interval([0, 1, 1, 0]) == bootstrap_interval([0, 1, 1, 0])
