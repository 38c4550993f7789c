"""Rows of the table: a name, how many clips or pairs, a value in per cent, its interval, and chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vlret.evaluation.metrics.statistics import bootstrap_interval


@dataclass(frozen=True)
class Row:
    """One figure in per cent with its 95% interval; `chance` is None where there is none."""

    name: str
    count: int
    value: float
    low: float
    high: float
    chance: float | None = None


def accuracy(name: str, right: ArrayLike, groups: ArrayLike) -> Row:
    """Return the mean of `right` [n] in 0..1 (one of two: chance is 50), its interval drawn by `groups` [n]."""
    low, high = bootstrap_interval(right, groups)
    values = np.asarray(right)
    return Row(name, len(values), 100 * float(values.mean()), 100 * low, 100 * high, 50.0)


def pair_accuracy(name: str, right: ArrayLike, pairs: ArrayLike, draws: int = 2000, seed: int = 0) -> Row:
    """Return the mean of `right` [n] of `pairs` int [n, 2] of clips, each of which may stand in several pairs.

    The interval draws clips: a pair counts as often as its first clip times as often as its second one was drawn.
    """
    values, numbers = np.asarray(right, np.float64), np.asarray(pairs)
    rng, n_clips = np.random.default_rng(seed), int(numbers.max()) + 1
    drawn = rng.multinomial(n_clips, np.full(n_clips, 1 / n_clips), draws)
    weights = drawn[:, numbers[:, 0]] * drawn[:, numbers[:, 1]]
    weights = weights[weights.sum(1) > 0]
    low, high = np.quantile(weights @ values / weights.sum(1), [0.025, 0.975])
    return Row(name, len(values), 100 * float(values.mean()), 100 * float(low), 100 * float(high), 50.0)


def table(rows_of: Mapping[str, Sequence[Row]]) -> str:
    """Return the rows of several models side by side as Markdown; a cell is empty where a model has no such row."""
    names = dict.fromkeys((row.name, row.count, row.chance) for rows in rows_of.values() for row in rows)
    lines = [f"| figure, % | n | chance | {' | '.join(rows_of)} |", "|---|---|---|" + "---|" * len(rows_of)]
    for name, count, chance in names:
        cells = [next((_cell(row) for row in rows if row.name == name), "") for rows in rows_of.values()]
        lines.append(
            f"| {name} | {count} | {'' if chance is None else f'{chance:.0f}'} | {' | '.join(cells)} |"
        )
    return "\n".join(lines)


def _cell(row: Row) -> str:
    return f"{row.value:.1f} ({row.low:.1f} to {row.high:.1f})"
