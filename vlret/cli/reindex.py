"""`vlret reindex`: an index embedded anew, with another model or other clips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vlret.cli import options, output
from vlret.text import count_of

if TYPE_CHECKING:
    from vlret.tasks.reindex import ReindexReport


def reindex(
    index: options.IndexFolder,
    model: Annotated[
        str | None, typer.Option(help="The new model, as for `vlret index` (default: that of the index).")
    ] = None,
    clips: Annotated[
        str | None, typer.Option(help="How to split videos, as for `vlret index` (default: as it is).")
    ] = None,
    frames: Annotated[
        int | None, typer.Option(min=1, help="Frames per clip (default: as it is, or the new model's).")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Number of decoding processes.")] = 1,
    prune_missing_folders: Annotated[
        bool,
        typer.Option("--prune-missing-folders", help="Give up files whose directory is missing or empty."),
    ] = False,
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    engine: options.Engine = "auto",
    json: options.AsJson = False,
) -> None:
    """Embed all files of an index anew, with another model or other clips.

    The old index can be searched until the new one takes its place. Stop it at any time and run the same command
    again to resume.

    Example: vlret reindex indexes/videos --model siglip2
    """
    from vlret.tasks.reindex import reindex as run

    report = run(
        index, model, clips=clips, n_frames=frames, workers=workers,
        prune_missing_folders=prune_missing_folders, device=device, dtype=dtype, engine=engine,
    )  # fmt: skip
    if json:
        output.print_json(report.to_dict())
    else:
        output.show(_line(report))
        for path in report.gone:
            output.say(f"no longer exists: {path}")
        output.say_files("skipped", report.skipped)


def _line(report: ReindexReport) -> str:
    holds = f"{count_of(report.clips, 'clip')} of {count_of(report.files, 'file')} by {report.model}"
    if not report.is_new:
        return f"{report.index} has these settings already: {holds}"
    return f"{report.index}: {holds}, in {report.wall_s:.1f} s"
