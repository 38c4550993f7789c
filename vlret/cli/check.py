"""`vlret check`: whether an index is undamaged and its media files exist."""

from __future__ import annotations

import typer

from vlret.cli import options, output
from vlret.text import count_of


def check(index: options.IndexFolder, json: options.AsJson = False) -> None:
    """Check an index for damage and for missing media files.

    Reads every byte. Exits with code 1 if the index is damaged.
    """
    from vlret.index.check import check_index

    report = check_index(index)
    if json:
        output.print_json(report.to_dict())
    elif report.damaged:
        for line in report.damaged:
            output.show(f"damaged: {line}")
        output.show(f"{index}: damaged; restore it from a backup, or build it again")
    else:
        for path in report.gone:
            output.show(f"missing: {path}")
        unasked = f", {report.remote} at addresses not looked up" if report.remote else ""
        output.show(
            f"{index}: not damaged; {len(report.gone)} of {count_of(report.files, 'file')} missing{unasked}"
        )
    if report.damaged:
        raise typer.Exit(1)
