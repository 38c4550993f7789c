"""How many shards to plan for some workers: `python -m benchmarks.scale_model.workers --clips 100M --workers 100`.

A simulation: lengths of files are drawn, cut into shards as `vlret plan` does it (long videos split by time) or at the
ends of files, and workers of different speeds, some of which fail, take them one after the other. Printed is what the
clock says for each number of shards, beside the least that is possible.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Annotated

import numpy as np
import typer

from benchmarks.console import launch
from benchmarks.scale_model.simulation import Seconds, Workers, file_lengths, shard_lengths, simulate
from benchmarks.scale_model.sizes import shown_s, size_of
from vlret.reports.text_table import aligned

PER_WORKER = (1, 2, 4, 8, 16, 32, 64, 128)
_NEAR = 1.02
_RUNS = 5
_MOST_FAILURES = 5
"""Longest a shard may take, in mean times between failures: e^5 tries."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Means of several simulations with so many shards: the clock, the least, lost and idle seconds of all workers.

    `longest_s` is the video of the longest shard. The clock is infinite where that takes so long that it would begin
    anew a hundred times and more.
    """

    n_shards: int
    longest_s: float
    total_s: float
    least_s: float
    lost_s: float
    idle_s: float
    failures: float


def main(
    clips: Annotated[str, typer.Option(help="Number of clips.")] = "100M",
    clip_s: Annotated[float, typer.Option("--clip", help="Seconds of a clip.")] = 5.0,
    mean_min: Annotated[float, typer.Option(help="Minutes of a file on average.")] = 10.0,
    length_spread: Annotated[float, typer.Option(help="Standard deviation of the log of lengths.")] = 1.0,
    workers: Annotated[int, typer.Option(help="Workers.")] = 100,
    real_time: Annotated[float, typer.Option(help="Hours of video that one encodes in an hour.")] = 44.0,
    speed_spread: Annotated[float, typer.Option(help="Standard deviation of the log of speeds.")] = 0.2,
    failures_per_day: Annotated[float, typer.Option(help="Of one worker; a shard begins anew.")] = 0.1,
    restart_s: Annotated[float, typer.Option(help="Seconds until a worker is back.")] = 300.0,
    start_s: Annotated[float, typer.Option(help="Seconds that a shard costs beside its video.")] = 10.0,
) -> None:
    """Print a table for shards that are cut at any time, and one for whole files."""
    random = np.random.default_rng(0)
    files = file_lengths(random, size_of(clips) * clip_s, 60 * mean_min, length_spread)
    team = Workers(workers, real_time, speed_spread, failures_per_day, restart_s, start_s)
    print(
        f"{len(files):,} files, the longest {shown_s(files.max())}; at best {shown_s(_least_s(files, team))}"
    )
    for split in (True, False):
        found = outcomes(files, team, split)
        print(f"\nlong videos {'split' if split else 'whole'}; plan {enough(found):,} shards")
        print("\n".join(aligned([_HEADING, *map(_cells, found)])))


def outcomes(files: Seconds, workers: Workers, split: bool) -> list[Outcome]:
    """For each number of shards a worker of `PER_WORKER`."""
    return [_outcome(shard_lengths(files, n * workers.n, split), workers) for n in PER_WORKER]


def enough(found: list[Outcome]) -> int:
    """The fewest shards whose time is within two percent of the best."""
    best = min(one.total_s for one in found)
    return next(one.n_shards for one in found if one.total_s <= _NEAR * best)


def _outcome(shards: Seconds, workers: Workers) -> Outcome:
    if shards.max() / workers.real_time > _MOST_FAILURES * workers.mean_s:
        return Outcome(len(shards), float(shards.max()), inf, _least_s(shards, workers), inf, inf, inf)
    runs = [simulate(np.random.default_rng(seed), shards, workers) for seed in range(_RUNS)]
    means = np.mean([(run.total, run.least, run.lost, run.idle, run.n_failures) for run in runs], axis=0)
    return Outcome(len(shards), float(shards.max()), *means.tolist())


def _least_s(files: Seconds, workers: Workers) -> float:
    return float(files.sum()) / workers.real_time / workers.n


_HEADING = ["shards", "longest", "clock", "above the least", "lost", "idle", "failures"]


def _cells(one: Outcome) -> list[str]:
    above = f"{one.total_s / one.least_s - 1:+.1%}"
    spans = map(shown_s, (one.longest_s, one.total_s))
    return [
        f"{one.n_shards:,}",
        *spans,
        above,
        shown_s(one.lost_s),
        shown_s(one.idle_s),
        f"{one.failures:.1f}",
    ]


if __name__ == "__main__":
    launch(main)
