"""Compares the model with what was measured: `python -m benchmarks.scale_model.check RESULT.json`.

RESULT.json is what `vlret bench scale` wrote. The model is calibrated on docs/large-indexes.md (100,000 and ten million
clips), or on `--calibrate`; sizes beside these two are a test of it. Times are predicted for the number of lists that
the audit of the measured view chose. Printed are predicted and measured values and the relative error of the
prediction.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.console import launch
from benchmarks.scale_model.points import FIGURES, OURS, Point, read_points
from benchmarks.scale_model.rates import calibrated, predicted
from benchmarks.scale_model.storage import Library
from vlret.reports.text_table import aligned


def main(
    measured: Annotated[Path, typer.Argument(metavar="RESULT.json", help="What was measured.")] = OURS,
    calibrate: Annotated[
        Path, typer.Option(metavar="RESULT.json", help="What the model is calibrated on.")
    ] = OURS,
) -> None:
    """Print a table for each size."""
    rates = calibrated(read_points(calibrate))
    for point in read_points(measured):
        guess = predicted(rates, Library(point.clips), point.nprobe)
        seen = point in (rates.exact, rates.lists)
        print(f"{point.clips:,} clips, {point.kind}{' (calibrated on it)' if seen else ''}")
        print(
            "\n".join(aligned([["", "predicted", "measured", "error"], *map(list, compared(guess, point))]))
        )
        print()


def compared(guess: Point, point: Point) -> list[tuple[str, str, str, str]]:
    """A row for each figure: its name, predicted, measured, and the relative error of the prediction."""
    pairs = [(name, getattr(guess, name), getattr(point, name)) for name in FIGURES]
    return [(name, f"{p:.4g}", f"{m:.4g}", f"{p / m - 1:+.1%}") for name, p, m in pairs]


if __name__ == "__main__":
    launch(main)
