"""`vlret check`: whether an index is whole, and its files are there."""

from __future__ import annotations

import typer

from vlret.cli import options, output


def check(index: options.IndexFolder, json: options.AsJson = False) -> None:
    """Read every byte of an index to see whether it is damaged, and look for files that are gone.

    Exits with 1 if it is damaged.
    """
    from vlret.index.indexed_files import indexed_files, is_gone
    from vlret.index.snapshot import Snapshot
    from vlret.index.store import Store

    store = Store(index)
    damaged = store.find_damage(store.read_manifest())
    paths = [] if damaged else [file.path for file in indexed_files(Snapshot.read(store))]
    gone = [path for path in paths if is_gone(path)]
    if json:
        output.print_json({"index": index, "damaged": damaged, "files": len(paths), "gone": gone})
    elif damaged:
        for line in damaged:
            output.show(f"damaged: {line}")
        output.show(f"{index}: damaged; restore it from a copy, or build it again")
    else:
        for path in gone:
            output.show(f"gone: {path}")
        output.show(f"{index}: not damaged; {len(gone)} of {len(paths)} files are gone")
    if damaged:
        raise typer.Exit(1)
