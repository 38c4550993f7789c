"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlret.errors import UsageError

DEFAULT_MODEL = "vljepa-mini"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with code 1 if any file was skipped.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Dtype = Annotated[
    str,
    typer.Option(
        help="Number format of the model: auto, float32, bfloat16, or int8 (vljepa-mini on a processor)."
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        help="What computes the model: auto, torch, or openvino (vljepa-mini on a processor, and twice as fast there)."
    ),
]
Model = Annotated[
    str,
    typer.Option(
        help="A name listed by `vlret models`, open_clip:ARCH/TAG, st:OWNER/MODEL, hf:OWNER/MODEL, "
        "a directory, or module:Class."
    ),
]
IndexModel = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="The model of the index, as given to `vlret index`; required if it is neither built in nor trusted.",
    ),
]
SourceModel = Annotated[
    str | None,
    typer.Option(
        "--model",
        help=f"As for `vlret index` (default: the index's own model, or {DEFAULT_MODEL} for media files).",
    ),
]
Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE",
        help="Files, directories, globs, or .txt or .csv lists of paths, here or at s3:// and gs:// addresses.",
    ),
]
Clips = Annotated[
    str,
    typer.Option(
        help="How to split videos into clips: auto, whole, window:LENGTH[:STEP] in seconds, shots, "
        "shots:transnet, or meaning[:THRESHOLD]."
    ),
]
ClipFrames = Annotated[
    int | None, typer.Option("--frames", min=1, help="Frames per clip (default: the model's).")
]
Sampling = Annotated[str, typer.Option(help="Frame sampling: midpoint or endpoints.")]
Decoder = Annotated[str, typer.Option(help="auto (PyAV), pyav or decord.")]
Workers = Annotated[int, typer.Option(min=1, help="Number of decoding processes.")]
Plan = Annotated[Path, typer.Option(help="The plan that `vlret plan` wrote.")]


def _folder(path: Path) -> Path:
    from vlret.index.backends.address import require_no_address

    require_no_address(str(path))
    return path


IndexFolder = Annotated[Path, typer.Argument(metavar="INDEX", help="Index directory.", callback=_folder)]
IndexPlaces = Annotated[
    list[str],
    typer.Argument(metavar="INDEX...", help="Index directories, or addresses that they were pushed to."),
]
IndexPlace = Annotated[
    str, typer.Argument(metavar="INDEX", help="Index directory, or the address that it was pushed to.")
]


def _page(path: Path | None) -> Path | None:
    if path and path.suffix.lower() not in ("", ".html", ".htm"):
        raise UsageError(f"--html was given as {path}.", "Give a file name that ends in .html.")
    return path


Export = Annotated[
    list[Path] | None,
    typer.Option(
        "--export",
        metavar="FILE",
        dir_okay=False,
        help="Write the clips as .edl, .fcpxml or .otio (timelines), .srt or .vtt (markers), .m3u, .csv, .jsonl, "
        ".coco.json, .fiftyone.json or .labelstudio.json (labels). Repeat it for several files.",
    ),
]
Html = Annotated[
    Path | None,
    typer.Option(
        dir_okay=False, callback=_page, help="Write the results to a self-contained HTML page with pictures."
    ),
]
