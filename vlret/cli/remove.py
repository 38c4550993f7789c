"""`vlret remove`: files out of an index."""

from __future__ import annotations

from typing import Annotated

import typer

from vlret.cli import options, output


def remove(
    index: options.IndexFolder,
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH", help="Files, or folders with all that is in them.")
    ],
    json: options.AsJson = False,
) -> None:
    """Take files or folders out of an index. The files themselves stay as they are.

    Example: vlret remove indexes/videos ~/Videos/private
    """
    from vlret.index.remove import remove_files
    from vlret.media.sources import typed_path

    removed = remove_files(index, [typed_path(path) for path in paths])
    if json:
        output.print_json(removed.to_dict())
    else:
        output.show(
            f"removed {removed.files} files ({removed.clips} clips); `vlret compact` frees their space"
        )
