"""A user's own columns about the files of an index: one row a file, joined to the clips by where the file is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from vlret.index.filter_columns import COLUMNS
from vlret.index.store import damaged
from vlret.text import printable

if TYPE_CHECKING:
    from vlret.index.manifest import FileEntry
    from vlret.index.store import Store

FILE = pa.schema([("root", pa.int32()), ("path", pa.string()), ("fingerprint", pa.string())])
"""The columns beside the user's: a file's place in the index, and its content, by which it is found where it moves."""
KINDS = {
    pa.string(): "text",
    pa.int64(): "integer",
    pa.float64(): "number",
    pa.bool_(): "boolean",
    pa.timestamp("us"): "timestamp",
}
"""The types of a user's columns."""
_MOST_COLUMNS = 100
_MOST_CHARACTERS = 64
_RESERVED = {*COLUMNS, *FILE.names, "clip_id", "current_date"}


def problem_of_names(names: Sequence[str]) -> str:
    """Why these cannot be the names of a user's columns; "" where they can."""
    seen = set(_RESERVED)
    for name in names:
        if name.lower() in _RESERVED:
            return f"{name!r} is the name of a column that every index has"
        if name.lower() in seen:
            return f"there are two columns {printable(name)!r}, and case does not count"
        if not name.strip() or len(name) > _MOST_CHARACTERS or printable(name) != name:
            return (
                f"the name {printable(name)[:_MOST_CHARACTERS]!r} is empty, long, or holds control characters"
            )
        seen.add(name.lower())
    return f"there are more than {_MOST_COLUMNS} columns" if len(names) > _MOST_COLUMNS else ""


def read_annotations(store: Store, entry: FileEntry) -> pa.Table:
    """The table of the index: `FILE`, and the user's columns, in which values may be null.

    Raises:
        FileNotFoundError: it is gone (a later revision may have replaced it).
        IndexFolderError: it is damaged, or has columns that vlret does not write.
    """
    try:
        with store.open(entry) as file:
            schema = pq.ParquetFile(file).schema_arrow.remove_metadata()
        names = [name for name in schema.names if name not in FILE.names]
        _check(schema, names)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        raise damaged(store.folder, entry.name, str(error)) from error
    return store.read_table(entry, schema, optional=names)


def _check(schema: pa.Schema, names: Sequence[str]) -> None:
    if problem := problem_of_names(names):
        raise ValueError(problem)
    for field in FILE:
        if schema.names.count(field.name) != 1 or schema.field(field.name).type != field.type:
            raise ValueError(f"it has no column {field.name} of type {field.type}")
    for name in names:
        if schema.field(name).type not in KINDS:
            raise ValueError(f"column {name} is {schema.field(name).type}")


def column_kinds(annotations: pa.Table | None) -> dict[str, str]:
    """What each of the user's columns holds, in words."""
    fields = [] if annotations is None else annotations.schema
    return {field.name: KINDS[field.type] for field in fields if field.name not in FILE.names}


def joined(annotations: pa.Table, files: pa.Table) -> dict[str, pa.ChunkedArray]:
    """The user's columns for `files` (with root, path and fingerprint); null where a file is not in the table.

    A file that the index has in another place now is found by its content.
    """
    places, digests = _places(annotations), annotations["fingerprint"].to_pylist()
    number_of = {place: number for number, place in enumerate(places)}
    live = _places(files)
    known = set(live)
    moved = {
        digest: n for n, (place, digest) in enumerate(zip(places, digests, strict=True)) if place not in known
    }
    found = [
        number_of.get(place, moved.get(digest))
        for place, digest in zip(live, files["fingerprint"].to_pylist(), strict=True)
    ]
    numbers = pa.array(found, pa.int64())
    return {name: annotations[name].take(numbers) for name in column_kinds(annotations)}


def _places(files: pa.Table) -> list[tuple[int, str]]:
    return list(zip(files["root"].to_pylist(), files["path"].to_pylist(), strict=True))
