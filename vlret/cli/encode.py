"""`vlret encode`: encodes one worker's shards of a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlret.cli import options, output


def encode(
    plan: options.Plan,
    out: Annotated[
        Path,
        typer.Option(
            help="Directory, or address in an object store, of the shards; the same for all workers."
        ),
    ],
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="i/n",
            help="Worker i of n, from 0/n to n-1/n: it encodes every n-th shard from the i-th on (default: "
            "SLURM_ARRAY_TASK_ID and RANK/WORLD_SIZE where they are set, else all shards).",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="The model of the plan; required if it is neither built in nor trusted."),
    ] = None,
    workers: options.Workers = 1,
    device: options.Device = "auto",
    engine: options.Engine = "auto",
    json: options.AsJson = False,
) -> None:
    """Encode the shards of a plan, or one worker's share of them. Run it again to resume.

    Example: vlret encode --plan plan.jsonl --shard 3/16 --out shards
    """
    from vlret.index.sharding.encode_plan import encode_plan
    from vlret.index.sharding.place import place_from_environment, read_place
    from vlret.index.sharding.plan_file import read_plan

    place = (read_place(shard) if shard else place_from_environment()) or (0, 1)
    report = encode_plan(read_plan(plan), out, place, model, workers, device, engine)
    if json:
        output.print_json(report.to_dict())
    else:
        output.show_lines(report)
    if report.retry and not report.clips:
        output.say("no file could be read: are the media files of the plan there on this machine?")
        raise typer.Exit(1)
