"""Figures with intervals and chance, and the parts of a result that hold them, as plain JSON values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from vlret.evaluation.metrics.accuracy import membership
from vlret.evaluation.metrics.ranks import Floats, Ints, Ranks, ScoreBlocks, top_items
from vlret.evaluation.metrics.statistics import (
    bootstrap_interval,
    class_mean,
    class_mean_interval,
    median_interval,
    statistic_interval,
)

RETRIEVAL_KS = (1, 5, 10, 50)
N_TOP = 10
Figure = dict[str, float | None]
Values = dict[str, Floats]
"""Per-query values by the name of their figure: shares in 0..1, but `rank`."""


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


def figure(value: float, interval: tuple[float, float], chance: float | None, scale: float = 100.0) -> Figure:
    """One figure: value, low and high of its 95% interval, chance."""
    low, high = interval
    numbers = {"value": value, "low": low, "high": high, "chance": chance}
    return {name: None if n is None else round(scale * float(n), 6) for name, n in numbers.items()}


def part(
    name: str,
    queries: str,
    pool: str,
    ranks: Ranks,
    values: Values,
    numbers: Mapping[str, Figure],
    *,
    rerank: str = "none",
    top: tuple[Sequence[Sequence[int]], Sequence[Sequence[float]]] = ((), ()),
) -> dict[str, Any]:
    """One part of a model's result; see `run.py` for what the keys mean."""
    columns = {key: [round(float(value), 6) for value in column] for key, column in values.items()}
    ties = {"best": ranks.best.tolist(), "worst": ranks.worst.tolist()}
    return {
        "name": name, "rerank": rerank, "uses_test_queries": rerank != "none", "text_tokens": None,
        "queries_are": queries, "pool_is": pool, "queries": len(ranks.n_items), "pool": int(ranks.n_items.max()),
        "figures": dict(numbers),
        "per_query": {**ties, "top": top[0], "top_scores": top[1], "values": columns},
    }  # fmt: skip


def is_plain(part: Mapping[str, Any]) -> bool:
    """Whether a part is of plain cosine and whole texts."""
    return part["rerank"] == "none" and part["text_tokens"] is None


def group_parts(
    whole: dict[str, Any], groups: Sequence[str], numbers: Callable[[Ints], Mapping[str, Figure]]
) -> list[dict[str, Any]]:
    """A part for each group of the queries of `whole`, in order of first sight; none where there is only one.

    `numbers(members)` gives the figures of some queries.
    """
    names = list(dict.fromkeys(groups))
    shared = ("rerank", "uses_test_queries", "text_tokens", "queries_are", "pool_is", "pool")
    made = []
    for name in names if len(names) > 1 else ():
        members = np.flatnonzero(np.array(groups) == name)
        made.append({
            "name": name, **{key: whole[key] for key in shared}, "queries": len(members),
            "figures": dict(numbers(members)), "members": members.tolist(),
        })  # fmt: skip
    return made


def choice_parts(
    ranks: Ranks,
    groups: Sequence[str],
    ties: str,
    queries: str,
    pool: str,
    top: tuple[Sequence[Sequence[int]], Sequence[Sequence[float]]] = ((), ()),
    sources: Ints | None = None,
) -> list[dict[str, Any]]:
    """accuracy over all queries (micro) and macro_accuracy, the mean over groups; then each group.

    Queries of equal `sources` are drawn together for the intervals.
    """
    right, chance = ranks.by_rule(ties).hit_at(1), ranks.chance().hit_at(1)
    drawn = np.arange(len(groups)) if sources is None else sources

    def numbers(members: Ints) -> dict[str, Figure]:
        return figures({"accuracy": right[members]}, {"accuracy": chance[members]}, drawn[members])

    whole_numbers = numbers(np.arange(len(groups)))
    whole_numbers["macro_accuracy"] = class_figure(right, chance, group_classes(groups), drawn)
    whole = part("all", queries, pool, ranks, {"accuracy": right}, whole_numbers, top=top)
    return [whole, *group_parts(whole, groups, numbers)]


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
