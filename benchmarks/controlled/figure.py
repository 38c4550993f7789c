"""Draws the curves of a comparison beside the paper's figure 3.

`python -m benchmarks.controlled.figure RESULT.json --out FILE.png`
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.console import launch
from benchmarks.controlled import paper
from benchmarks.controlled.models import TOKEN_MODEL, VL_JEPA
from vlret.files import replace_file

COLOURS = {VL_JEPA: "tab:blue", TOKEN_MODEL: "tab:orange"}
PANELS = {
    "cider/photographs": "CIDEr, Flickr8k",
    "cider/clips": "CIDEr, clips",
    "top5/caltech101": "top-5, Caltech-101, %",
    "top5/imagenet_sample": "top-5, ImageNet sample, %",
    "top5/actions": "top-5, actions, %",
}


def main(
    result: Annotated[Path, typer.Argument(help="The JSON file of `python -m benchmarks.controlled`.")],
    out: Annotated[Path, typer.Option(help="The picture, PNG.")],
) -> None:
    """Draw CIDEr and top-5 by pairs seen, with 95% intervals and every seed, and the paper's two panels."""
    drawing = draw(json.loads(result.read_text()))
    picture = io.BytesIO()
    drawing.savefig(picture, format="png")
    replace_file(out, picture.getvalue())


def draw(result: Mapping[str, Any]) -> Figure:
    """The picture of a result: a row of CIDEr and one of top-5, the paper's panel last in each."""
    drawing = Figure(figsize=(14, 7), dpi=80, layout="constrained")
    rows = [[name for name in PANELS if name.startswith(kind)] for kind in ("cider", "top5")]
    panels = drawing.subplots(2, max(map(len, rows)) + 1)
    for axes, figures, own in zip(panels, rows, paper.CURVES, strict=True):
        for panel, figure in zip(axes, figures, strict=False):
            draw_curves(panel, result, figure)
        for empty in axes[len(figures) : -1]:
            empty.axis("off")
        draw_paper(axes[-1], own)
    panels[0, -2].legend(*panels[0, 0].get_legend_handles_labels(), loc="center", frameon=False)
    return drawing


def draw_curves(axes: Axes, result: Mapping[str, Any], figure: str) -> None:
    """One figure of both models: mean, interval over items, and a dot for each seed."""
    scale = 1 if figure.startswith("cider") else 100
    for kind, colour in COLOURS.items():
        points = result["curves"][kind][figure]
        samples = result["recipe"]["checkpoints"][: len(points)]
        mean, low, high = (scale * np.array([p[name] for p in points]) for name in ("mean", "low", "high"))
        axes.plot(samples, mean, color=colour, label=kind)
        axes.fill_between(samples, low, high, color=colour, alpha=0.2, linewidth=0)
        for at, point in zip(samples, points, strict=True):
            axes.plot(
                [at] * len(point["seeds"]), scale * np.array(point["seeds"]), ".", color=colour, markersize=4
            )
    axes.set(xscale="log", xlabel="pairs seen", title=PANELS[figure], ylim=(0, None))


def draw_paper(axes: Axes, own: str) -> None:
    """The paper's curve of CIDEr or top-5."""
    for kind, values in paper.CURVES[own].items():
        axes.plot(paper.SAMPLES, values, color=COLOURS[kind], marker=".")
    axes.set(xscale="log", xlabel="pairs seen", title=f"the paper: {own}", ylim=(0, None))


if __name__ == "__main__":
    launch(main)
