"""The result of a comparison: every figure with its interval, as JSON and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.controlled.evaluate import Floats
from benchmarks.controlled.recipe import Recipe
from vlret.evaluation.metrics.statistics import bootstrap_interval, paired_test

Scores = Mapping[str, Sequence[Sequence[Mapping[str, Floats]]]]
"""By model: the scores of the items of test, by seed and checkpoint."""


def result_of(
    recipe: Recipe, parameters: Mapping[str, int], chosen: Mapping[str, Any], scores: Scores
) -> dict[str, Any]:
    """Return the result as plain JSON values.

    Each point of a curve holds the mean over items and seeds, a 95% bootstrap interval over items, whose scores are
    means over the seeds, and the mean of each seed. `differences` are those of the first model minus the second.
    """
    figures = list(next(iter(scores.values()))[0][0])
    return {
        "schema": 1,
        "recipe": asdict(recipe),
        "parameters": dict(parameters),
        "chosen": dict(chosen),
        "curves": {
            kind: {figure: list(_curve(of_kind, figure)) for figure in figures}
            for kind, of_kind in scores.items()
        },
        "differences": {figure: _differences(scores, figure) for figure in figures},
    }


def table(result: Mapping[str, Any]) -> str:
    """Two Markdown tables: every figure of both models by pairs seen, and the last checkpoint with differences."""
    return "\n".join([*_curve_table(result), "", *_last_table(result)])


def _curve_table(result: Mapping[str, Any]) -> Iterator[str]:
    kinds, figures = list(result["parameters"]), list(result["differences"])
    n_points = len(result["differences"][figures[0]])
    seen = result["recipe"]["checkpoints"][:n_points]
    yield f"| pairs seen | | {' | '.join(f'{samples:,}' for samples in seen)} |"
    yield "|---|---|" + "---|" * n_points
    for figure in figures:
        for kind in kinds:
            cells = [_cell(figure, point) for point in result["curves"][kind][figure]]
            yield f"| {figure} | {kind} | {' | '.join(cells)} |"


def _last_table(result: Mapping[str, Any]) -> Iterator[str]:
    kinds = list(result["parameters"])
    yield f"| | {' | '.join(kinds)} | difference |"
    yield "|---|---|---|---|"
    counts = [f"{result['parameters'][kind] / 1e6:.2f} M" for kind in kinds]
    yield f"| trainable parameters | {' | '.join(counts)} | |"
    for figure, differences in result["differences"].items():
        cells = [_cell(figure, result["curves"][kind][figure][-1]) for kind in kinds]
        yield f"| {figure} | {' | '.join(cells)} | {_cell(figure, differences[-1])} |"


def _curve(of_kind: Sequence[Sequence[Mapping[str, Floats]]], figure: str) -> Iterator[dict[str, Any]]:
    for runs in zip(*of_kind, strict=True):
        each = np.stack([run[figure] for run in runs])
        low, high = bootstrap_interval(each.mean(0))
        seeds = each.mean(1).tolist()
        yield {"mean": float(each.mean()), "low": low, "high": high, "seeds": seeds}


def _differences(scores: Scores, figure: str) -> list[dict[str, float]]:
    """Paired over the items, whose scores are means over the seeds."""
    first, second = (
        [np.mean([run[figure] for run in runs], axis=0) for runs in zip(*of_kind, strict=True)]
        for of_kind in scores.values()
    )
    tests = [paired_test(a, b) for a, b in zip(first, second, strict=True)]
    return [
        {"mean": one.difference, "low": one.low, "high": one.high, "p_value": one.p_value} for one in tests
    ]


def _cell(figure: str, point: Mapping[str, float]) -> str:
    """CIDEr as it is, shares in per cent."""
    scale = 1 if figure.startswith("cider") else 100
    mean, low, high = (scale * point[name] for name in ("mean", "low", "high"))
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"
