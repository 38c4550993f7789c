"""`vlret remove`: removes files from an index."""

from __future__ import annotations

from typing import Annotated

import typer

from vlret.cli import options, output
from vlret.text import count_of


def remove(
    index: options.IndexFolder,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="Files, directories with everything in them, or patterns such as '*/private/*.mp4'.",
        ),
    ],
    json: options.AsJson = False,
) -> None:
    """Remove files or directories from an index. The files themselves are not touched.

    Example: vlret remove indexes/videos ~/Videos/private
    """
    from vlret.index.remove import remove_files

    removed = remove_files(index, paths)
    if json:
        output.print_json(removed.to_dict())
    else:
        files, clips = count_of(removed.files, "file"), count_of(removed.clips, "clip")
        output.show(f"removed {files} ({clips}); run `vlret compact` to free their space")
