"""Draws the curves of both assembled test sets beside the paper's figure 4.

`python -m benchmarks.selective.figure runs/selective/test_cuts/result runs/selective/test_fades/result --out FILE.png`
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Annotated

import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.console import launch
from vlret.evaluation.results.json_codec import decode
from vlret.evaluation.standalone.selective.methods import INTERVALS_S
from vlret.evaluation.standalone.selective.result import SelectiveResult
from vlret.files import replace_file
from vlret.reports.selective_plot import LINES, TICKS_S, draw_curve

PAPER = {
    "selective": (71.3, 71.2, 70.9, 70.7, 67.5, 63.1, 55.2, 48.9, 43.7, 34.7, 31.4),
    "selective pooled": (71.5, 71.6, 71.4, 70.8, 68.1, 64.7, 58.4, 53.0, 46.8, 36.3, 33.2),
    "uniform": (71.2, 71.1, 69.3, 67.2, 59.4, 56.2, 49.4, 45.3, 41.9, 33.6, 30.4),
    "uniform pooled": (71.6, 71.8, 69.6, 66.4, 59.9, 55.6, 50.8, 47.4, 44.1, 37.2, 34.4),
}
"""CIDEr at `INTERVALS_S` in figure 4 of arXiv:2512.10942, read off its vector drawing."""


def main(
    cuts: Annotated[Path, typer.Argument(help="Directory of the result on hard cuts.")],
    fades: Annotated[Path, typer.Argument(help="Directory of the result on cross-fades.")],
    out: Annotated[Path, typer.Option(help="The picture, PNG.")],
) -> None:
    """Draw all scores on both sets, and CIDEr in the paper."""
    drawing = Figure(figsize=(13, 11), dpi=80, layout="constrained")
    panels = drawing.subplots(3, 3)
    for column, (title, folder) in enumerate({"Hard cuts": cuts, "Cross-fades": fades}.items()):
        result = read_result(folder)
        for row, metric in enumerate(("CIDEr", "embedding", "SODA")):
            draw_curve(panels[row, column], result.points, metric)
            panels[row, column].set_title(title)
    draw_paper(panels[0, 2])
    for empty in panels[1:, 2]:
        empty.axis("off")
    panels[1, 2].legend(*panels[0, 0].get_legend_handles_labels(), loc="center", frameon=False)
    picture = io.BytesIO()
    drawing.savefig(picture, format="png")
    replace_file(out, picture.getvalue())


def read_result(folder: Path) -> SelectiveResult:
    """The result that `vlret bench selective --out` wrote into `folder`."""
    return decode(SelectiveResult, json.loads((folder / "result.json").read_text()))


def draw_paper(axes: Axes) -> None:
    """The paper's curves."""
    for method, values in PAPER.items():
        colour, line, marker = LINES[method]
        axes.plot(INTERVALS_S, values, color=colour, linestyle=line, marker=marker, markersize=4)
    axes.set(xscale="log", xlabel="seconds of video per decode", ylabel="CIDEr", ylim=(0, None))
    axes.set_xticks(TICKS_S, [f"{tick:g}" for tick in TICKS_S])
    axes.minorticks_off()
    axes.set_title("The paper: Ego-Exo4D")


if __name__ == "__main__":
    launch(main)
