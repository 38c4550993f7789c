"""`vlret check`: whether an index is whole, and its files are there."""

from __future__ import annotations

import typer

from vlret.cli import options, output
from vlret.text import printable


def check(index: options.IndexFolder, json: options.AsJson = False) -> None:
    """Read every byte of an index to see whether it is damaged, and look for files that are gone.

    Exits with 1 if it is damaged.
    """
    from vlret.index.index import Index
    from vlret.index.known import is_gone

    opened = Index.open(index)
    damaged = opened.check()
    paths = opened.rows()["path"].unique()
    gone = [path for path in paths if is_gone(path)]
    if json:
        output.print_json({"index": index, "files": len(paths), "damaged": damaged, "gone": gone})
    else:
        for line in (*(f"damaged: {line}" for line in damaged), *(f"gone: {path}" for path in gone)):
            print(printable(line))
        state = "damaged: restore it from a copy, or build it again" if damaged else "not damaged"
        print(f"{printable(index)}: {state}; {len(gone)} of {len(paths)} files are gone")
    if damaged:
        raise typer.Exit(1)
