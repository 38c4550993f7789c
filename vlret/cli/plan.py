"""`vlret plan`: divides media files into shards for many workers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vlret.cli import options, output
from vlret.text import count_of

if TYPE_CHECKING:
    from vlret.index.sharding.plan import ShardPlan


def plan(
    sources: options.Sources,
    out: Annotated[Path, typer.Option(help="Write the plan to this file or address, such as plan.jsonl.")],
    shards: Annotated[
        int | None,
        typer.Option(
            min=1, help="Number of shards: several for each worker (default: one for 30 min of video)."
        ),
    ] = None,
    index: Annotated[
        Path | None,
        typer.Option(help="Only files that this index does not have, or has in another state."),
    ] = None,
    model: options.Model = options.DEFAULT_MODEL,
    clips: options.Clips = "auto",
    frames: options.ClipFrames = None,
    sampling: options.Sampling = "midpoint",
    decoder: options.Decoder = "auto",
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    engine: options.Engine = "auto",
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Not the files whose path contains or matches this."),
    ] = None,
    json: options.AsJson = False,
) -> None:
    """Divide videos and images into shards of about equal length, to encode them on several machines.

    Example: vlret plan /data/videos --shards 64 --out plan.jsonl
    """
    from vlret.index.sharding.plan_file import write_plan
    from vlret.index.sharding.plan_shards import plan_shards
    from vlret.remote_path import path_of

    made = plan_shards(
        sources, shards, model, clips, frames, sampling, decoder, device, dtype, engine, exclude or (), index
    )
    out = path_of(out)
    write_plan(made, out)
    if json:
        output.print_json(_document(made, out))
    else:
        output.show_lines(_text(made, out))
    if not made.shards and not index:
        output.say(f"{', '.join(sources)}: no videos or images")
        raise typer.Exit(1)


def _document(made: ShardPlan, out: Path) -> dict[str, Any]:
    return {
        "plan": out, "model": made.recipe.model, "files": sum(1 for _ in made.files()), "shards": len(made.shards),
        "seconds": made.seconds, "unknown": made.unknown, "skipped": [asdict(skip) for skip in made.skipped],
    }  # fmt: skip


def _text(made: ShardPlan, out: Path) -> str:
    from vlret.index.report import grouped
    from vlret.remote_path import path_of
    from vlret.types import SkippedFile

    files, shards = count_of(sum(1 for _ in made.files()), "file"), count_of(len(made.shards), "shard")
    least, most = (
        output.length(seconds) for seconds in (min(made.seconds, default=0), max(made.seconds, default=0))
    )
    lines = [f"{out}: {files}, {output.length(sum(made.seconds))} of video, in {shards} of {least} to {most}"]
    unknown = [
        SkippedFile(path_of(path), "its header cannot be read; it is tried all the same")
        for path in made.unknown
    ]
    skipped = [SkippedFile(path_of(skip.path), skip.reason) for skip in made.skipped]
    return "\n".join([*lines, *grouped("unknown length", unknown), *grouped("skipped", skipped)])
