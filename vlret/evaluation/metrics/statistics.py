"""Intervals for the numbers that metrics give, and a paired test between two models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
DRAWS = 2000
_DRAWN_AT_ONCE = 1 << 22


@dataclass(frozen=True, slots=True)
class Paired:
    """`difference` of the means of two models over the same queries, its interval, and the p value."""

    difference: float
    low: float
    high: float
    p_value: float


def bootstrap_interval(
    values: ArrayLike,
    groups: ArrayLike | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of `values` [n].

    `groups` [n] names what is drawn as a whole: the five captions of one photograph are not independent.
    """
    numbers = np.asarray(values, np.float64)
    group = _numbered(groups, len(numbers))
    sums, counts = np.bincount(group, numbers), np.bincount(group).astype(np.float64)
    means = [times @ sums / (times @ counts) for times in _draws(len(sums), draws, seed)]
    return _percentiles(np.concatenate(means), level)


def class_mean_interval(
    values: ArrayLike,
    classes: csr_array,
    groups: ArrayLike | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """The interval of `class_mean`; items, or whole `groups` [n] of them, are drawn."""
    numbers = np.asarray(values, np.float64)
    group = _numbered(groups, len(numbers))
    members = csr_array((np.ones(len(group)), (group, np.arange(len(group)))))
    sums, counts = members @ classes.multiply(numbers[:, None]), members @ classes
    means = [_class_means(times @ sums, times @ counts) for times in _draws(members.shape[0], draws, seed)]
    return _percentiles(np.concatenate(means), level)


def class_mean(values: ArrayLike, classes: csr_array) -> float:
    """Mean over the classes that have items of the mean of `values` [n]; `classes` is bool [n, classes]."""
    one = np.ones((1, len(classes.indptr) - 1))
    return float(_class_means((one * np.asarray(values, np.float64)) @ classes, one @ classes)[0])


def statistic_interval(
    statistic: Callable[[Floats], float],
    columns: Floats,
    groups: ArrayLike | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """The interval of a number that follows from the sums of `columns` [n, c], such as a precision."""
    group = _numbered(groups, len(columns))
    sums = np.stack([np.bincount(group, column) for column in columns.T], axis=1)
    drawn = [statistic(row) for times in _draws(len(sums), draws, seed) for row in times @ sums]
    return _percentiles(np.array(drawn), level)


def median_interval(
    values: ArrayLike,
    groups: ArrayLike | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """The interval of the (lower) median of `values` [n]."""
    numbers = np.asarray(values, np.float64)
    group, order = _numbered(groups, len(numbers)), np.argsort(numbers, kind="stable")
    medians = []
    for times in _draws(int(group.max()) + 1, draws, seed, width=len(numbers)):
        passed = np.cumsum(times[:, group[order]], axis=1)
        medians.append(numbers[order][np.argmax(passed >= passed[:, -1:] / 2, axis=1)])
    return _percentiles(np.concatenate(medians), level)


def paired_test(a: ArrayLike, b: ArrayLike, groups: ArrayLike | None = None, seed: int = 0) -> Paired:
    """Mean of `a` minus mean of `b`, both [n] over the same queries.

    The interval is a paired bootstrap; the p value, two-sided, is of scipy's permutation test that swaps the
    two models within `groups` (all swaps where there are few, else 9,999 at random).
    """
    differences = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    low, high = bootstrap_interval(differences, groups, seed=seed)
    sums = np.bincount(_numbered(groups, len(differences)), differences)
    if len(sums) == 1 or not sums.any():  # one swap of all says nothing
        return Paired(float(differences.mean()), low, high, 1.0)
    test = stats.permutation_test(
        (sums,), lambda rows, axis: rows.sum(axis), permutation_type="samples", vectorized=True,
        batch=max(1, _DRAWN_AT_ONCE // len(sums)), rng=np.random.default_rng(seed),
    )  # fmt: skip
    return Paired(float(differences.mean()), low, high, float(test.pvalue))


def _numbered(groups: ArrayLike | None, n: int) -> NDArray[np.int64]:
    """Group numbers from 0 on."""
    if groups is None:
        return np.arange(n)
    return np.unique(np.asarray(groups), return_inverse=True)[1].astype(np.int64)


def _draws(n: int, draws: int, seed: int, width: int = 0) -> Iterator[Floats]:
    """How often each of `n` things is drawn, float64 [some draws, n], `draws` rows in all."""
    rng = np.random.default_rng(seed)
    rows = max(1, _DRAWN_AT_ONCE // max(n, width))
    for first in range(0, draws, rows):
        picks = rng.integers(0, n, (min(rows, draws - first), n))
        places = picks + n * np.arange(len(picks))[:, None]
        yield np.bincount(places.ravel(), minlength=picks.size).reshape(picks.shape).astype(np.float64)


def _class_means(sums: Floats, counts: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        means: Floats = np.nanmean(sums / counts, axis=1)
    return means


def _percentiles(drawn: Floats, level: float) -> tuple[float, float]:
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)
