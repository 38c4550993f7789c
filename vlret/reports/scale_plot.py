"""The plot of `vlret bench scale`: seconds of a search against clips."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.axes import Axes

from vlret.evaluation.standalone.scale.result import Latency, ScaleResult, SizeFigures
from vlret.reports.drawing import COLOURS, MARKERS, legend, svg

LINES: dict[str, Callable[[SizeFigures], Latency]] = {
    "vlret search, a new process": lambda size: size.cold,
    "Searcher.search": lambda size: size.warm.searcher,
    "Index.search": lambda size: size.warm.index,
    "FAISS alone": lambda size: size.warm.faiss,
}
"""What is drawn, from slow to fast."""


def scale_plot(result: ScaleResult) -> str:
    """Medians as SVG, the area up to the 99th percentile shaded."""
    return svg(lambda axes: draw_scale(axes, result), (5.4, 3.8), "seconds of a search against clips")


def draw_scale(axes: Axes, result: ScaleResult) -> None:
    """Draw `LINES` on logarithmic axes."""
    clips = [size.clips for size in result.sizes]
    for number, (name, of) in enumerate(LINES.items()):
        colour = COLOURS[number]
        p50_s, p99_s = zip(*((of(size).p50_s, of(size).p99_s) for size in result.sizes), strict=True)
        axes.plot(clips, p50_s, color=colour, marker=MARKERS[number], markersize=4, label=name)
        axes.fill_between(clips, p50_s, p99_s, color=colour, alpha=0.12, linewidth=0)
    axes.set(xscale="log", yscale="log", xlabel="clips", ylabel="seconds")
    axes.set_xticks(clips, [f"{n:,}" for n in clips])
    axes.minorticks_off()
    legend(axes)
