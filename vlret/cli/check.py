"""`vlret check`: whether an index is intact, and its media files exist."""

from __future__ import annotations

import typer

from vlret.cli import options, output


def check(index: options.IndexFolder, json: options.AsJson = False) -> None:
    """Verify every byte of an index, and list media files that are gone.

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
