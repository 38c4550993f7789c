"""Plots of a result as inline SVG: no network request, no script, text in the colour of the page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from numpy.typing import NDArray

from vlret.evaluation.metrics.figures import RETRIEVAL_KS, Figure
from vlret.evaluation.results.result import BenchResult, ModelResult
from vlret.evaluation.results.section import ResultSection
from vlret.reports.bench_names import SHORT, shown_figures
from vlret.text import printable

_INK, _SOFT = "#1c2024", "#808890"  # the ink becomes currentColor, so that a dark page stays readable
_COLOURS = ("#2f6fde", "#d9622b", "#2a9d6f", "#8e5bd0", "#c23b5a", "#a58a1f")
_MARKERS = "osD^vP"
_STYLE: Any = {
    "svg.fonttype": "none", "text.parse_math": False, "font.size": 10,
    "text.color": _INK, "axes.labelcolor": _INK, "axes.edgecolor": _SOFT, "xtick.color": _INK,
    "ytick.color": _INK, "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False,
    "axes.facecolor": "none", "figure.facecolor": "none",
}  # fmt: skip


def recall_curves(result: BenchResult) -> str:
    """R@k of each model with its 95% interval: text to video solid, video to text dashed."""

    def draw(axes: Axes) -> None:
        for number, model in enumerate(result.models):
            for section in filter(lambda one: one.is_plain, model.sections):
                _curve(axes, number, model.name, section)
        axes.set(xlabel="k", ylabel="R@k, per cent", ylim=(0, 103))
        axes.set_xticks(range(len(RETRIEVAL_KS)), list(map(str, RETRIEVAL_KS)))
        _legend(axes)

    return _svg(draw, (4.6, 3.4), "R@k of each model")


def main_bars(result: BenchResult) -> str:
    """The first figure of each model with its 95% interval; chance is the dotted line."""
    name = shown_figures(result)[0]

    def draw(axes: Axes) -> None:
        figures = [model.main.figures[name] for model in result.models]
        names = [_short(model.name) for model in result.models]
        values = [figure.value for figure in figures]
        colours = [_COLOURS[i % len(_COLOURS)] for i in range(len(names))]
        axes.barh(range(len(names)), values, 0.6, xerr=_errors(figures), color=colours, ecolor=_SOFT)
        axes.axvline(figures[0].chance, color=_SOFT, linestyle=":")
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set(xlim=(0, 100), xlabel=f"{SHORT.get(name, name)}, per cent; dotted: chance")

    return _svg(draw, (4.6, 1.0 + 0.4 * len(result.models)), f"{name} of each model")


def accuracy_against_cost(result: BenchResult) -> str:
    """The first figure against seconds per clip, as measured when it was encoded; "" where no model's is known."""
    costs = [_seconds_per_clip(model) for model in result.models]
    name = shown_figures(result)[0]

    def draw(axes: Axes) -> None:
        for number, (model, cost) in enumerate(zip(result.models, costs, strict=True)):
            if cost is None:
                continue
            figure = model.main.figures[name]
            axes.errorbar(
                [cost], [figure.value], yerr=_errors([figure]),
                fmt=_MARKERS[number % len(_MARKERS)], color=_COLOURS[number % len(_COLOURS)],
                ecolor=_SOFT, label=_short(model.name) + _from_cache(model), clip_on=False,
            )  # fmt: skip
        axes.set(
            xlabel="seconds per clip, measured when encoded",
            ylabel=f"{SHORT.get(name, name)}, per cent",
            ylim=(0, 103),
        )
        axes.set_xlim(left=0)
        axes.locator_params(axis="x", nbins=5)
        _legend(axes)

    return _svg(draw, (4.6, 3.4), f"{name} against cost") if any(costs) else ""


def _seconds_per_clip(model: ModelResult) -> float | None:
    """Of what was encoded in this run and before; None where that is not known."""
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
        color=_COLOURS[number % len(_COLOURS)], marker=_MARKERS[number % len(_MARKERS)], markersize=4,
        linestyle="-" if first else "--", elinewidth=0.8, label=f"{_short(model)}, {section.name}",
    )  # fmt: skip


def _errors(figures: Sequence[Figure]) -> NDArray[np.float64]:
    """Lengths below and above the values, [2, n]."""
    pairs = [(f.value - f.low, f.high - f.value) for f in figures]
    return np.maximum(np.array(pairs, np.float64).T, 0.0)


def _legend(axes: Axes) -> None:
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=1)


def _short(name: str) -> str:
    """As a label of a plot: 32 letters at most, none that an encoding or SVG refuses."""
    plain = printable(name)
    return plain if len(plain) <= 32 else f"{plain[:15]}…{plain[-16:]}"


def _svg(draw: Callable[[Axes], None], inches: tuple[float, float], title: str) -> str:
    with mpl.rc_context({**_STYLE, "svg.hashsalt": title}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that the measuring font lacks: the browser has its own
        drawing = Drawing(figsize=inches)
        draw(drawing.subplots())
        out = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        drawing.savefig(out, format="svg", bbox_inches="tight", metadata=nothing)
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    # Ids of groups are alike in all plots, and a page has each id once.
    svg = re.sub(r' id="[a-zA-Z][\w.]*_\d+"', "", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)
