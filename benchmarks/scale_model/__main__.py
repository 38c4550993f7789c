"""A library on paper: `python -m benchmarks.scale_model --clips 1k,1M,10M,100M`.

Prints what its encoding takes, what an index of it takes, and what each kind of view takes, from the rates that
docs/scale.md lists with their sources. Your own: `--measured` takes the result.json of `vlret bench scale`,
`--real-time` what `vlret index` says at its end. Prices are yours: there are none without them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.console import launch
from benchmarks.scale_model.encoding import Machine
from benchmarks.scale_model.points import OURS, read_points
from benchmarks.scale_model.rates import calibrated
from benchmarks.scale_model.sizes import size_of
from benchmarks.scale_model.storage import MEASURED_DIM, Library
from benchmarks.scale_model.table import Prices, library_table, view_table


def main(
    clips: Annotated[str, typer.Option(help="Numbers of clips, separated by commas.")] = "1k,1M,10M,100M",
    clip_s: Annotated[float, typer.Option("--clip", help="Seconds of a clip.")] = 5.0,
    file_clips: Annotated[float, typer.Option(help="Clips of a file on average.")] = 10.0,
    dim: Annotated[int, typer.Option(help="Numbers of a vector.")] = MEASURED_DIM,
    real_time: Annotated[float, typer.Option(help="Hours of video that a machine encodes in an hour.")] = 44,
    cores: Annotated[float, typer.Option(help="Cores of a machine, as you pay them.")] = 2,
    memory: Annotated[str, typer.Option(help="Memory of a machine.")] = "24GB",
    days: Annotated[float, typer.Option(help="Days in which all shall be encoded.")] = 7,
    core_hour: Annotated[float | None, typer.Option(help="Your price of a core for an hour.")] = None,
    gb_month: Annotated[float | None, typer.Option(help="Your price of a GB of disk for a month.")] = None,
    measured: Annotated[
        Path, typer.Option(metavar="RESULT.json", help="What vlret bench scale measured.")
    ] = OURS,
) -> None:
    """Print the tables."""
    libraries = [Library(size_of(word), dim, clip_s, file_clips) for word in clips.split(",")]
    rates, machine = calibrated(read_points(measured)), Machine(real_time, cores)
    print(library_table(libraries, rates, machine, days, Prices(core_hour, gb_month)))
    print()
    print(view_table(libraries, rates, size_of(memory.upper().removesuffix("B"))))


if __name__ == "__main__":
    launch(main)
