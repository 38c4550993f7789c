"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlret.errors import UsageError

DEFAULT_MODEL = "vljepa-mini"

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 when any file was skipped.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Dtype = Annotated[str, typer.Option(help="auto, float32 or bfloat16.")]
Model = Annotated[
    str,
    typer.Option(
        help="A name of `vlret models`, open_clip:ARCH/TAG, st:OWNER/MODEL, a folder, or module:Class."
    ),
]
IndexModel = Annotated[
    str | None,
    typer.Option(
        "--model", help="The index's own model; has to be said where it is not built in or trusted (docs)."
    ),
]
IndexFolder = Annotated[Path, typer.Argument(metavar="INDEX", help="Folder of an index.")]


def _page(path: Path | None) -> Path | None:
    if path and path.suffix.lower() not in ("", ".html", ".htm"):
        raise UsageError(f"--html was given as {path}.", "A page is HTML: let its name end in .html.")
    return path


Html = Annotated[
    Path | None,
    typer.Option(dir_okay=False, callback=_page, help="Write one self-contained page with pictures."),
]
