"""The ablations of the paper's table in small: `python -m benchmarks.ablations --only causal`, or all of them.

Each setting is trained with each seed on cached tokens of a frozen X-encoder (`python -m benchmarks.features` computes
them) and scored on splits that it was not trained on; docs/ablations.md explains the table.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.ablations.bench import Bench
from benchmarks.ablations.settings import GROUPS, Paper, Setting
from benchmarks.ablations.table import group_table
from benchmarks.ablations.train import Plan
from benchmarks.console import launch
from vlret.errors import UsageError


def main(
    only: Annotated[
        list[str] | None, typer.Option(help=f"A group: {', '.join(GROUPS)} (default: all).")
    ] = None,
    data: Annotated[Path, typer.Option(help="Directory with photos/ and videos/.")] = Path("../shared/data"),
    features: Annotated[Path, typer.Option(help="Directory of the cached tokens.")] = Path("runs/features"),
    out: Annotated[Path, typer.Option(help="Directory for checkpoints and for what was right.")] = Path(
        "runs/ablations"
    ),
    split: Annotated[str, typer.Option(help="test, or dev for choices.")] = "test",
    seeds: Annotated[int, typer.Option(help="Runs of each setting, from seed 0 on.")] = 3,
    steps: Annotated[int, typer.Option(help="Steps of a run.")] = Plan.steps,
    rate: Annotated[float, typer.Option(help="Highest rate of the predictor.")] = Plan.rate,
) -> None:
    """Train and score the settings of each group, one seed after the other; run the same command again to resume."""
    groups = {name: _group(name) for name in only or GROUPS}
    bench = Bench(data, features, out, split, Plan(steps=steps, pretraining=steps, rate=rate))
    for seed in range(seeds):
        for setting in dict.fromkeys(setting for group in groups.values() for setting, _ in group.values()):
            bench.scored(setting, seed)
    for name, group in groups.items():
        rows = {
            title: ([bench.scored(setting, seed) for seed in range(seeds)], paper)
            for title, (setting, paper) in group.items()
        }
        print(f"\n{name}\n\n{group_table(rows)}")


def _group(name: str) -> dict[str, tuple[Setting, Paper]]:
    if name not in GROUPS:
        raise UsageError(
            f"There is no group {name}.", f"Choose one of {', '.join(GROUPS)}.", code="unknown_group"
        )
    return dict(GROUPS[name])


if __name__ == "__main__":
    launch(main)
