"""The table of a group: three columns, each with an interval and with its difference to the group's first setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.ablations.score import COLUMNS, Scored
from benchmarks.ablations.settings import Paper

DRAWS = 2000
Runs = Sequence[Mapping[str, Scored]]
"""What one setting got right, one entry a seed."""


@dataclass(frozen=True)
class Cell:
    """A column of a setting in per cent; `delta` against the first setting of the group, None for that itself."""

    value: float
    low: float
    high: float
    delta: tuple[float, float, float] | None


def column(runs: Runs, first: Runs, prefix: str) -> Cell:
    """Return the mean over seeds and over the sets whose names begin with `prefix`.

    Each of the `DRAWS` draws takes seeds and items with replacement, the same ones for both settings.
    """
    names = [name for name in runs[0] if name.startswith(prefix)]
    drawn, base = (np.mean([_draws(side, name) for name in names], axis=0) for side in (runs, first))
    value, base_value = (_mean(side, names) for side in (runs, first))
    low, high = _interval(drawn)
    if runs is first:
        return Cell(value, low, high, None)
    return Cell(value, low, high, (value - base_value, *_interval(drawn - base)))


def group_table(rows: Mapping[str, tuple[Runs, Paper]]) -> str:
    """Return the rows of a group as Markdown; the paper's figures stand beside ours."""
    first = next(iter(rows.values()))[0]
    lines = [
        f"| setting | seeds | {' | '.join(COLUMNS)} | paper: {' / '.join(COLUMNS)} |",
        "|---|---|" + "---|" * (len(COLUMNS) + 1),
    ]
    for name, (runs, paper) in rows.items():
        cells = [_shown(column(runs, first, prefix)) for prefix in COLUMNS.values()]
        quoted = " / ".join(f"{value:.1f}" for value in paper) if paper else ""
        lines.append(f"| {name} | {len(runs)} | {' | '.join(cells)} | {quoted} |")
    return "\n".join(lines)


def _draws(runs: Runs, name: str) -> NDArray[np.float64]:
    """Means in per cent of `DRAWS` draws of seeds and items; a seed of numbers of its own for each set."""
    groups = np.unique(runs[0][name].groups, return_inverse=True)[1]
    sums = np.stack([np.bincount(groups, run[name].hits) for run in runs])
    counts, rng = np.bincount(groups).astype(np.float64), np.random.default_rng(len(groups))
    seeds = rng.multinomial(len(runs), np.full(len(runs), 1 / len(runs)), DRAWS)
    means = [
        100 * (share @ sums) @ times / (len(runs) * counts @ times)
        for share, times in ((share, _times(rng, len(counts))) for share in seeds)
    ]
    return np.array(means)


def _times(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)


def _mean(runs: Runs, names: Sequence[str]) -> float:
    return 100 * float(np.mean([[run[name].hits.mean() for name in names] for run in runs]))


def _interval(drawn: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _shown(cell: Cell) -> str:
    text = f"{cell.value:.1f} ({cell.low:.1f} to {cell.high:.1f})"
    if cell.delta is None:
        return text
    delta, low, high = cell.delta
    return f"{text}; {delta:+.1f} ({low:+.1f} to {high:+.1f})"
