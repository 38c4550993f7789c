"""`vlret index`: media to an index."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlret.cli import options, output


def index(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE", help="Files, folders, globs, or a .txt or .csv of paths."),
    ],
    out: Annotated[Path | None, typer.Option(help="Folder of the index (default: indexes/NAME).")] = None,
    model: options.Model = options.DEFAULT_MODEL,
    clips: Annotated[
        str, typer.Option(help="auto, whole, window:LENGTH[:STEP] in seconds, shots or shots:transnet.")
    ] = "auto",
    frames: Annotated[int | None, typer.Option(min=1, help="Frames a clip (default: the model's).")] = None,
    sampling: Annotated[str, typer.Option(help="Which frames: midpoint or endpoints.")] = "midpoint",
    decoder: Annotated[str, typer.Option(help="auto (PyAV), pyav or decord.")] = "auto",
    workers: Annotated[int, typer.Option(min=1, help="Processes that decode.")] = 1,
    moved_from: Annotated[
        Path | None, typer.Option(metavar="OLD", help="The first SOURCE is the folder that was OLD before.")
    ] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Drop what is gone from the sources.")] = False,
    prune_missing_folders: Annotated[
        bool,
        typer.Option("--prune-missing-folders", help="Also what was in folders that are missing or empty."),
    ] = False,
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    json: options.AsJson = False,
    strict: options.Strict = False,
) -> None:
    """Turn videos and images into an index. Run again: only what is new or changed is encoded.

    Example: vlret index ~/Videos --out indexes/videos
    """
    from vlret.errors import UsageError
    from vlret.index.build import build_index
    from vlret.index.index import move_root
    from vlret.media.sources import MEDIA_SUFFIXES

    if moved_from and not out:
        raise UsageError("--moved-from needs --out.", "Name the index whose media have moved.")
    if moved_from and out:
        move_root(out, moved_from, sources[0])
    report = build_index(
        sources, out=out, model=model, clips=clips, n_frames=frames, sampling=sampling, decoder=decoder,
        workers=workers, prune=prune, prune_missing_folders=prune_missing_folders, device=device, dtype=dtype,
    )  # fmt: skip
    if json:
        output.print_json(report.to_dict())
    else:
        output.show_lines(report)
        if report.missing_folders:
            output.say("a missing drive? --prune-missing-folders drops the files of these folders, too")
    if report.found == 0:
        output.say(f"{', '.join(sources)}: no video or image ({', '.join(sorted(MEDIA_SUFFIXES))})")
    if report.new + report.unchanged == 0 or (strict and report.skipped):
        raise typer.Exit(1)
