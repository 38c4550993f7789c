"""Intervals for the numbers that metrics give."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def bootstrap_interval(
    values: ArrayLike, groups: ArrayLike | None = None, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of `values` [n].

    `groups` [n] names what is drawn as a whole: the five captions of one photograph are not independent.
    """
    numbers = np.asarray(values, dtype=np.float64)
    sums, counts = _group_sums(numbers, np.arange(len(numbers)) if groups is None else np.asarray(groups))
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, len(sums), (draws, len(sums)))
    means = sums[picks].sum(1) / counts[picks].sum(1)
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def _group_sums(
    values: NDArray[np.float64], groups: NDArray[np.generic]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    _, index, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return np.bincount(index, weights=values).astype(np.float64), counts.astype(np.int64)
