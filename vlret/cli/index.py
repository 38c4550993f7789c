"""`vlret index`: builds or updates an index of media files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from vlret.cli import index_output, index_runner, options, output


def index(
    sources: options.Sources,
    out: Annotated[
        Path | None, typer.Option(help="Index directory (default: indexes/NAME, after the first SOURCE).")
    ] = None,
    model: options.Model = options.DEFAULT_MODEL,
    clips: options.Clips = "auto",
    frames: options.ClipFrames = None,
    sampling: options.Sampling = "midpoint",
    decoder: options.Decoder = "auto",
    workers: options.Workers = 1,
    moved_from: Annotated[
        Path | None,
        typer.Option(metavar="OLD", help="Former path of the first SOURCE, if that directory was moved."),
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Drop the clips of files that no longer exist.")
    ] = False,
    prune_missing_folders: Annotated[
        bool,
        typer.Option(
            "--prune-missing-folders", help="Like --prune, also for directories that are missing or empty."
        ),
    ] = False,
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    engine: options.Engine = "auto",
    moments: Annotated[
        bool,
        typer.Option(
            "--moments",
            help="Store two embeddings a second, now and later: search --moments decodes nothing then.",
        ),
    ] = False,
    json: options.AsJson = False,
    strict: options.Strict = False,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Not the files whose path contains or matches this; later runs keep it ('' takes all in again).",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only say how much there is to do and about how long it takes here."),
    ] = False,
    runner: Annotated[
        str, typer.Option(help="Where clips are encoded: local (this machine), or ray (a Ray cluster).")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="The Ray cluster; auto: that of this machine (default: RAY_ADDRESS, else one for this run alone).",
        ),
    ] = None,
    shard_dir: Annotated[
        Path | None,
        typer.Option(
            help="Directory or address that all machines of Ray see, for shards until they are merged (default: "
            "beside the index, with .shards appended)."
        ),
    ] = None,
    actor_memory: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Memory that Ray reserves for each of its processes that encode (default: 4GB).",
        ),
    ] = None,
) -> None:
    """Build an index of videos and images. Run it again to add new and changed files.

    Example: vlret index ~/Videos --out indexes/videos
    """
    from vlret.errors import UsageError
    from vlret.index.build import build_index
    from vlret.index.move_root import move_root
    from vlret.media.sources import MEDIA_SUFFIXES

    if moved_from and not out:
        raise UsageError("--moved-from needs --out.", "Give the index whose media files were moved.")
    settings: dict[str, Any] = {
        "model": model, "clips": clips, "n_frames": frames, "sampling": sampling, "decoder": decoder,
        "workers": workers, "device": device, "dtype": dtype, "engine": engine,
        "exclude": [] if exclude == [""] else exclude,
    }  # fmt: skip
    local_only = {
        "--prune": prune, "--prune-missing-folders": prune_missing_folders, "--moments": moments, "--dry-run": dry_run,
    }  # fmt: skip
    of_ray = {"--address": address, "--shard-dir": shard_dir, "--actor-memory": actor_memory}
    index_runner.check(runner, of_ray, local_only)
    if dry_run:
        index_output.show_estimate(sources, out, json, **settings)
        return
    if moved_from and out:
        move_root(out, moved_from, sources[0])
    if runner == "ray":
        index_runner.with_ray(sources, out, address, shard_dir, actor_memory, json, strict, **settings)
        return
    report = build_index(
        sources,
        out=out,
        prune=prune,
        prune_missing_folders=prune_missing_folders,
        moments=moments,
        **settings,
    )
    if json:
        output.print_json(report.to_dict())
    else:
        output.show_lines(report)
        if report.missing_folders:
            output.say(
                "connect the drive of these directories, or drop their clips with --prune-missing-folders"
            )
    if report.found == 0:
        output.say(f"{', '.join(sources)}: no videos or images ({', '.join(sorted(MEDIA_SUFFIXES))})")
    if report.new + report.unchanged == 0 or (strict and report.skipped):
        raise typer.Exit(1)
