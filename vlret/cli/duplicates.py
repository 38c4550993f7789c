"""`vlret duplicates`: the files of an index that hold the same footage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vlret.cli import options, output
from vlret.text import count_of

if TYPE_CHECKING:
    from vlret.tasks.duplicates.groups import Duplicates, SameFootage


def duplicates(
    index: options.IndexFolder,
    apart: Annotated[
        tuple[str, str] | None,
        typer.Option("--not", metavar="A B", help="Record that these two files are no copies of each other."),
    ] = None,
    undo: Annotated[
        tuple[str, str] | None,
        typer.Option("--undo-not", metavar="A B", help="Undo --not of these two files."),
    ] = None,
    json: options.AsJson = False,
) -> None:
    """List the files of an index that hold the same footage, and which seconds of them.

    Nothing is deleted. What was compared is recorded in the index, so that the next run compares only new files, and
    `vlret search` lists such files as one result. Sound is not compared.

    Example: vlret duplicates indexes/videos
    """
    from vlret.media.sources import typed_path
    from vlret.tasks.duplicates.find import find_duplicates
    from vlret.tasks.duplicates.marks import set_apart, undo_set_apart

    if apart:
        set_apart(index, *map(typed_path, apart))
    if undo:
        undo_set_apart(index, *map(typed_path, undo))
    found = find_duplicates(index)
    if json:
        output.print_json(found.to_dict())
    else:
        _show(found)


def _show(found: Duplicates) -> None:
    for number, group in enumerate(found.groups):
        if number:
            output.show("")
        for pair in group.pairs:
            output.show(_line(pair))
    files = sum(len(group.files) for group in found.groups)
    output.say(f"{count_of(files, 'file')} in {count_of(len(found.groups), 'group')} of the same footage")


def _line(pair: SameFootage) -> str:
    from vlret.reports.timecode import span

    a, b = (f"{place.path} {span(place.start, place.end)}".rstrip() for place in (pair.a, pair.b))
    note = "  (the same bytes)" if pair.same_bytes else "  (mirrored)" if pair.mirrored else ""
    return f"{a} = {b}{note}"
