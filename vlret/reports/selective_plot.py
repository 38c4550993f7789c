"""The curves of `vlret bench selective`: quality against seconds per decode."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from vlret.evaluation.standalone.selective.result import Point, SelectiveResult
from vlret.reports.drawing import COLOURS, SOFT, svg

LINES = {
    "uniform": (COLOURS[0], "-", "o"), "uniform pooled": (COLOURS[0], "--", "o"),
    "selective": (COLOURS[1], "-", "s"), "selective pooled": (COLOURS[1], "--", "s"),
    "optimum": (COLOURS[3], "-", ""),
    "online": (COLOURS[2], "-", "^"), "online, reuse": (COLOURS[2], "--", "^"),
    "frame difference": (COLOURS[4], ":", ""), "random times": (COLOURS[5], ":", ""),
    "shot cuts": (SOFT, "", "X"),
}  # fmt: skip
"""Colour, line and marker of each method that is drawn."""
TICKS_S = (0.5, 1, 2, 5, 10, 20, 50, 100)


def curve(result: SelectiveResult, metric: str) -> str:
    """A score of all methods as SVG, with the 95% interval of uniform decoding."""

    def draw(axes: Axes) -> None:
        draw_curve(axes, result.points, metric)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)

    return svg(draw, (5.4, 3.8), f"{metric} against seconds per decode")


def draw_curve(axes: Axes, points: Sequence[Point], metric: str) -> None:
    """Draw `metric` of `points` on logarithmic seconds of video per decode."""
    for method, (colour, line, marker) in LINES.items():
        mine = sorted((p for p in points if p.method == method), key=lambda p: p.seconds_per_decode)
        seconds, scores = [p.seconds_per_decode for p in mine], [p.scores[metric] for p in mine]
        values = [score.value for score in scores]
        axes.plot(seconds, values, color=colour, linestyle=line, marker=marker, markersize=4, label=method)
        if method == "uniform":
            low, high = [score.low for score in scores], [score.high for score in scores]
            axes.fill_between(seconds, low, high, color=colour, alpha=0.12, linewidth=0)
    axes.set(xscale="log", xlabel="seconds of video per decode", ylabel=metric)
    axes.set_xticks(TICKS_S, [f"{tick:g}" for tick in TICKS_S])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
