"""`vlret annotate`: takes a user's table into an index, to filter by its columns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlret.cli import options, output
from vlret.text import count_of, printable

_SHOWN = 5


def annotate(
    index: options.IndexFolder,
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE",
            dir_okay=False,
            help="CSV, TSV, JSON or YAML with a column path, video, image or file.",
        ),
    ],
    json: options.AsJson = False,
) -> None:
    """Store the columns of a table in an index. They replace those of the table before.

    Example: vlret annotate indexes/videos shots.csv, then: vlret search indexes/videos a beach --where "rating >= 4"
    """
    from vlret.index.annotate import annotate as annotate_index

    done = annotate_index(index, table)
    if json:
        output.print_json(done.to_dict())
    else:
        columns = ", ".join(f"{name} ({kind})" for name, kind in done.columns.items()) or "no column"
        output.show(f"{count_of(done.files, 'file')} annotated: {columns}")
    for row in done.unmatched[:_SHOWN]:
        output.say(f"warning: {printable(row.path)}: {row.reason}")
    if len(done.unmatched) > _SHOWN:
        output.say(f"warning: and {len(done.unmatched) - _SHOWN} more rows are about no file of the index")
