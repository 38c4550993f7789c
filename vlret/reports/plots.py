"""Plots of a result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from vlret.evaluation.metrics.figures import RETRIEVAL_KS, Figure
from vlret.evaluation.results.result import BenchResult, ModelResult
from vlret.evaluation.results.section import ResultSection
from vlret.reports.bench_names import SHORT, shown_figures
from vlret.reports.drawing import COLOURS, MARKERS, SOFT, legend, svg
from vlret.text import printable


def recall_curves(result: BenchResult) -> str:
    """R@k of each model with its 95% interval: text to video solid, video to text dashed."""

    def draw(axes: Axes) -> None:
        for number, model in enumerate(result.models):
            for section in filter(lambda one: one.is_plain, model.sections):
                _curve(axes, number, model.name, section)
        axes.set(xlabel="k", ylabel="R@k, per cent", ylim=(0, 103))
        axes.set_xticks(range(len(RETRIEVAL_KS)), list(map(str, RETRIEVAL_KS)))
        legend(axes)

    return svg(draw, (4.6, 3.4), "R@k of each model")


def main_bars(result: BenchResult) -> str:
    """The first figure of each model with its 95% interval; chance is the dotted line."""
    name = shown_figures(result)[0]

    def draw(axes: Axes) -> None:
        figures = [model.main.figures[name] for model in result.models]
        names = [_short(model.name) for model in result.models]
        values = [figure.value for figure in figures]
        colours = [COLOURS[i % len(COLOURS)] for i in range(len(names))]
        axes.barh(range(len(names)), values, 0.6, xerr=_errors(figures), color=colours, ecolor=SOFT)
        axes.axvline(figures[0].chance, color=SOFT, linestyle=":")
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set(xlim=(0, 100), xlabel=f"{SHORT.get(name, name)}, per cent; dotted: chance")

    return svg(draw, (4.6, 1.0 + 0.4 * len(result.models)), f"{name} of each model")


def accuracy_against_cost(result: BenchResult) -> str:
    """The first figure against seconds per clip, as measured when it was encoded; "" where no model's is known.

    Of a vision-language model, against seconds per question.
    """
    costs = [_seconds_per_clip(model) for model in result.models]
    name = shown_figures(result)[0]

    def draw(axes: Axes) -> None:
        for number, (model, cost) in enumerate(zip(result.models, costs, strict=True)):
            if cost is None:
                continue
            figure = model.main.figures[name]
            axes.errorbar(
                [cost], [figure.value], yerr=_errors([figure]),
                fmt=MARKERS[number % len(MARKERS)], color=COLOURS[number % len(COLOURS)],
                ecolor=SOFT, label=_short(model.name) + _from_cache(model), clip_on=False,
            )  # fmt: skip
        axes.set(
            xlabel=_of_cost(result),
            ylabel=f"{SHORT.get(name, name)}, per cent",
            ylim=(0, 103),
        )
        axes.set_xlim(left=0)
        axes.locator_params(axis="x", nbins=5)
        legend(axes)

    return svg(draw, (4.6, 3.4), f"{name} against cost") if any(costs) else ""


def _of_cost(result: BenchResult) -> str:
    asked = any(model.answer_cost for model in result.models)
    return f"seconds per clip{' (VLM: question)' * asked}, measured when encoded"


def _seconds_per_clip(model: ModelResult) -> float | None:
    """Of what was encoded or answered in this run and before; None where that is not known."""
    if model.answer_cost and model.answer_cost.questions:
        return model.answer_cost.seconds / model.answer_cost.questions
    n = model.cost.clips + model.cost.cached_clips if model.cost else 0
    return model.cost.total_seconds / n if model.cost and n else None


def _from_cache(model: ModelResult) -> str:
    if not model.cost or not model.cost.cached_clips:
        return ""
    n = model.cost.clips + model.cost.cached_clips
    return f", {model.cost.cached_clips} of {n} clips from the cache"


def _curve(axes: Axes, number: int, model: str, section: ResultSection) -> None:
    figures = [section.figures[f"hit@{k}"] for k in RETRIEVAL_KS]
    first = section.queries_are == "texts"
    axes.errorbar(
        np.arange(len(figures)) + 0.04 * number, [figure.value for figure in figures], _errors(figures),
        color=COLOURS[number % len(COLOURS)], marker=MARKERS[number % len(MARKERS)], markersize=4,
        linestyle="-" if first else "--", elinewidth=0.8, label=f"{_short(model)}, {section.name}",
    )  # fmt: skip


def _errors(figures: Sequence[Figure]) -> NDArray[np.float64]:
    """Lengths below and above the values, [2, n]."""
    pairs = [(f.value - f.low, f.high - f.value) for f in figures]
    return np.maximum(np.array(pairs, np.float64).T, 0.0)


def _short(name: str) -> str:
    """As a label of a plot: 32 letters at most, none that an encoding or SVG refuses."""
    plain = printable(name)
    return plain if len(plain) <= 32 else f"{plain[:15]}…{plain[-16:]}"
