"""Figures with their 95% intervals and chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from vlret.evaluation.metrics.accuracy import membership
from vlret.evaluation.metrics.ranks import Floats, Ranks, ScoreBlocks, top_items
from vlret.evaluation.metrics.statistics import (
    bootstrap_interval,
    class_mean,
    class_mean_interval,
    median_interval,
    statistic_interval,
)

RETRIEVAL_KS = (1, 5, 10, 50)
N_TOP = 10
Values = dict[str, Floats]
"""Per-query values by the name of their figure: shares in 0..1, but `rank`."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, the 95% bootstrap interval around it, and what chance gives; in per cent, except ranks."""

    value: float
    low: float
    high: float
    chance: float


def retrieval_values(ranks: Ranks) -> Values:
    """hit@k (one relevant item is enough), recall@k where a query has several, AP, nDCG@10, rank."""
    values = {f"hit@{k}": ranks.hit_at(k) for k in RETRIEVAL_KS}
    if (ranks.n_positive > 1).any():
        values |= {f"recall@{k}": ranks.recall_at(k) for k in RETRIEVAL_KS}
    return {**values, "mAP": ranks.average_precision(), "nDCG@10": ranks.ndcg_at(10), "rank": ranks.expected}


def figures(values: Values, chance: Values, groups: ArrayLike | None = None) -> dict[str, Figure]:
    """Means in per cent with their 95% interval; `rank` becomes median_rank and mean_rank."""
    found: dict[str, Figure] = {}
    for name, numbers in values.items():
        by_chance = chance[name]
        if name == "rank":
            middle = median_interval(numbers, groups)
            found["median_rank"] = figure(np.median(numbers), middle, np.median(by_chance), 1)
            found["mean_rank"] = figure(
                numbers.mean(), bootstrap_interval(numbers, groups), by_chance.mean(), 1
            )
        else:
            found[name] = figure(numbers.mean(), bootstrap_interval(numbers, groups), by_chance.mean())
    return found


def class_figure(
    values: Floats, chance: Floats, classes: csr_array, groups: ArrayLike | None = None
) -> Figure:
    """The mean over classes of the mean over their items, in per cent."""
    interval = class_mean_interval(values, classes, groups)
    return figure(class_mean(values, classes), interval, class_mean(chance, classes))


def sum_figure(
    statistic: Callable[[Floats], float], columns: Floats, groups: ArrayLike, chance: Floats
) -> Figure:
    """A number that follows from sums of columns, in per cent; `chance` are the columns of a constant model."""
    interval = statistic_interval(statistic, columns, groups)
    return figure(statistic(columns.sum(0)), interval, statistic(chance.sum(0)))


def figure(value: float, interval: tuple[float, float], chance: float, scale: float = 100.0) -> Figure:
    """A figure whose four numbers are `scale` times those that are given, to six digits."""
    return Figure(*(round(scale * float(number), 6) for number in (value, *interval, chance)))


def group_classes(groups: Sequence[str]) -> csr_array:
    """Groups as classes, bool [n, groups], for a mean over groups."""
    names = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    return membership([(names[group],) for group in groups], len(names))


def top_lists(scores: ScoreBlocks, k: int = N_TOP) -> tuple[list[list[int]], list[list[float]]]:
    """The best `k` items of each query and their scores; none for items and queries without a vector."""
    items, values = top_items(scores, k)
    kept = np.isfinite(values)
    return (
        [row[keep].tolist() for row, keep in zip(items, kept, strict=True)],
        [row[keep].tolist() for row, keep in zip(values, kept, strict=True)],
    )
