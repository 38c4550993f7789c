"""`vlret check`: whether an index is whole, and its files are there."""

from __future__ import annotations

import typer

from vlret.cli import options, output


def check(index: options.IndexFolder, json: options.AsJson = False) -> None:
    """Read every byte of an index to see whether it is damaged, and look for files that are gone.

    Exits with 1 if it is damaged.
    """
    from vlret.index.check import check_index

    report = check_index(index)
    if json:
        output.print_json(report.to_dict())
    elif report.damaged:
        for line in report.damaged:
            output.show(f"damaged: {line}")
        output.show(f"{index}: damaged; restore it from a copy, or build it again")
    else:
        for path in report.gone:
            output.show(f"gone: {path}")
        output.show(f"{index}: not damaged; {len(report.gone)} of {report.files} files are gone")
    if report.damaged:
        raise typer.Exit(1)
