"""Intervals and the paired test against scipy's, against plain loops, and against what grouping must do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.sparse import csr_array

from vlret.evaluation.metrics import statistics
from vlret.evaluation.metrics.statistics import (
    bootstrap_interval,
    class_mean,
    class_mean_interval,
    median_interval,
    paired_test,
    statistic_interval,
)


def scipy_interval(values: np.ndarray, statistic) -> tuple[float, float]:
    reference = stats.bootstrap((values,), statistic, method="percentile", n_resamples=5000, rng=0)
    return tuple(reference.confidence_interval)


def test_agrees_with_scipy() -> None:
    values = np.random.default_rng(0).random(300)
    assert bootstrap_interval(values, draws=5000) == pytest.approx(scipy_interval(values, np.mean), abs=0.005)


def test_the_median_agrees_with_scipy() -> None:
    values = np.random.default_rng(0).integers(1, 60, 301)
    assert median_interval(values, draws=5000) == pytest.approx(scipy_interval(values, np.median), abs=1)


def test_equal_values_in_a_group_widen_the_interval() -> None:
    values = np.repeat(np.random.default_rng(0).random(60) < 0.5, 5).astype(float)
    groups = np.repeat(np.arange(60), 5)
    low, high = bootstrap_interval(values)
    grouped_low, grouped_high = bootstrap_interval(values, groups)
    assert (grouped_high - grouped_low) > 1.8 * (high - low)


def test_is_the_same_each_time_and_in_any_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random(50)
    whole = bootstrap_interval(values)
    assert bootstrap_interval(values) == whole
    monkeypatch.setattr(statistics, "_DRAWN_AT_ONCE", 170)
    assert bootstrap_interval(values) == pytest.approx(whole, abs=1e-12)


def test_class_mean_weighs_classes_alike() -> None:
    """Class 0: 3 of 4 right; class 1: 0 of 1; class 2 has no item: (75 + 0) / 2."""
    classes = csr_array(np.eye(3, dtype=bool)[[0, 0, 0, 0, 1]])
    assert class_mean([1, 1, 1, 0, 0], classes) == pytest.approx(0.375)
    low, high = class_mean_interval([1, 1, 1, 0, 0], classes)
    assert 0 <= low < 0.375 < high <= 1


def test_class_mean_interval_of_equal_classes_is_that_of_the_mean() -> None:
    values = np.random.default_rng(1).random(400)
    classes = csr_array(np.eye(2, dtype=bool)[np.arange(400) % 2])
    assert class_mean_interval(values, classes) == pytest.approx(bootstrap_interval(values), abs=0.004)


def test_a_statistic_of_sums() -> None:
    columns = (np.random.default_rng(0).random((300, 2)) < [0.4, 0.8]).astype(float)
    low, high = statistic_interval(lambda sums: sums[0] / sums[1], columns)
    assert low < columns[:, 0].sum() / columns[:, 1].sum() < high
    ones = np.ones((300, 1))
    mean = statistic_interval(lambda sums: sums[0] / sums[1], np.hstack([columns[:, :1], ones]))
    assert mean == pytest.approx(bootstrap_interval(columns[:, 0]))


def test_paired_test_agrees_with_the_exact_sign_flips() -> None:
    """+1 eight times of eight: 2 of the 256 ways to swap are as far from 0."""
    found = paired_test(np.ones(8), np.zeros(8))
    assert (found.difference, found.low, found.high) == (1, 1, 1)
    assert found.p_value == pytest.approx(2 / 256)


def test_paired_test_by_group_has_fewer_swaps() -> None:
    found = paired_test(np.ones(8), np.zeros(8), groups=np.repeat(np.arange(4), 2))
    assert found.p_value == pytest.approx(2 / 16)


def test_equal_models_do_not_differ() -> None:
    values = np.random.default_rng(0).random(20)
    assert paired_test(values, values).p_value == 1


def test_the_p_value_is_even_where_nothing_differs() -> None:
    rng = np.random.default_rng(0)
    small = [paired_test(rng.random(12), rng.random(12)).p_value < 0.2 for _ in range(150)]
    assert 0.1 < np.mean(small) < 0.32
