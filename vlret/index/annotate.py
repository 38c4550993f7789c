"""Takes a user's table into an index: each of its rows is about one file."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from vlret.errors import IndexFolderError, UsageError
from vlret.index.annotations import FILE, column_kinds, problem_of_names
from vlret.index.indexed_files import IndexedFile, indexed_files
from vlret.index.lock import writer_lock
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.remote_path import path_of
from vlret.tables import PATH_HEADINGS, Table, read_table
from vlret.text import is_utf8_text, printable, short_repr
from vlret.types import SkippedFile, as_path

_TYPES = (pa.int64(), pa.float64(), pa.bool_(), pa.timestamp("us"))
_MOST_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Annotated:
    """How many files of the index have a row now, the columns with what they hold, and the rows of no file."""

    index: Path
    files: int
    columns: dict[str, str]
    unmatched: tuple[SkippedFile, ...]

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON values, paths as `Path`."""
        return asdict(self)


def annotate(index: str | Path, table: str | Path) -> Annotated:
    """Store the columns of a table in an index, so that a search can filter by them; they replace those of before.

    Args:
        table: CSV, TSV, JSON or YAML with a column path, video, image or file: absolute paths, paths below the
            table's folder or below an indexed folder, or names of files that occur once in the index. The other
            columns hold whole numbers, numbers, booleans, times (ISO 8601) or texts, whichever fits all of their
            values; empty cells are null.

    Raises:
        UsageError: the table cannot be read or has no such column, a name or value is not allowed, or two rows are
            about one file.
        IndexFolderError: no row is about a file of the index, or a writer is at work.
    """
    store, path = Store(as_path(index, "The index")), as_path(table, "The table")
    store.read_manifest()  # an error where there is no index
    rows = read_table(path, PATH_HEADINGS)
    key = rows.first_of(PATH_HEADINGS)
    if key is None:
        raise _no_paths(rows)
    columns = {name: place for place, name in enumerate(rows.heading) if place != key}
    if problem := problem_of_names(list(columns)):
        raise UsageError(f"{printable(path)}: {problem}.", "Rename it.", code="bad_column_name", path=path)
    with writer_lock(store.folder):
        return _write(Snapshot.read(store), rows, key, columns)


def _write(snapshot: Snapshot, rows: Table, key: int, columns: dict[str, int]) -> Annotated:
    matched, unmatched = _matched(snapshot, rows, key)
    cells = {name: [rows.rows[number].cells[place] for number in matched] for name, place in columns.items()}
    arrays = [_typed(rows.path, name, values) for name, values in cells.items()]
    files = list(matched.values())
    places = [
        [file.file.root for file in files], [file.file.path for file in files], [file.fingerprint for file in files],
    ]  # fmt: skip
    made = pa.table(
        [*(pa.array(values, field.type) for values, field in zip(places, FILE, strict=True)), *arrays],
        names=[*FILE.names, *cells],
    )
    store, before = snapshot.store, snapshot.manifest
    entry, _ = store.write_table("annotations", before.revision + 1, made, before.id)
    after = before.next(annotations=entry)
    store.replace(before, after)
    return Annotated(store.folder, len(files), column_kinds(made), tuple(unmatched))


def _matched(snapshot: Snapshot, rows: Table, key: int) -> tuple[dict[int, IndexedFile], list[SkippedFile]]:
    """The file of each row number that is about one, and the other rows."""
    files, folder = _Files(indexed_files(snapshot)), rows.path.absolute().parent
    matched: dict[int, IndexedFile] = {}
    unmatched: list[SkippedFile] = []
    row_of: dict[Path, str] = {}
    for number, (row, text) in enumerate(zip(rows.rows, rows.texts(key), strict=True)):
        found = files.find(text.strip(), folder)
        if len(found) == 1:
            if found[0].path in row_of:
                raise _twice(rows.path, row_of[found[0].path], row.place, found[0].path)
            matched[number], row_of[found[0].path] = found[0], row.place
        else:
            reason = f"{len(found)} files have this name" if found else "not in the index"
            unmatched.append(SkippedFile(path_of(text), reason))
    if not matched:
        raise _nothing(snapshot, rows.path, unmatched)
    return matched, unmatched


class _Files:
    """The files of an index by what a table may call them."""

    def __init__(self, files: Sequence[IndexedFile]) -> None:
        self._called: dict[str, list[IndexedFile]] = defaultdict(list)
        for file in files:
            for name in {str(file.path), file.file.path, file.path.name}:
                self._called[_normal(name)].append(file)

    def find(self, text: str, folder: Path) -> list[IndexedFile]:
        """The files that `text` may mean in a table of this folder, the nearest meaning first."""
        names = (os.path.normpath(folder / os.path.expanduser(text)), str(path_of(os.path.normpath(text))))
        return (
            next((found for name in names if (found := self._called.get(_normal(name)))), []) if text else []
        )


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _typed(path: Path, name: str, cells: Sequence[object]) -> pa.Array:
    """The cells as the first type that fits all of them; text fits always."""
    texts = pa.array([_text(path, name, cell) for cell in cells], pa.string())
    for kind in _TYPES if texts.null_count < len(texts) else ():
        with suppress(pa.ArrowInvalid):
            return texts.cast(kind)
    return texts


def _text(path: Path, name: str, cell: object) -> str | None:
    if isinstance(cell, bool):
        return str(cell).lower()
    text = str(cell).strip() if isinstance(cell, str | int | float) else "" if cell is None else None
    if text is None or not is_utf8_text(text) or len(text.encode()) > _MOST_BYTES:
        raise UsageError(
            f"{printable(path)}: {short_repr(cell)} in column {printable(name)!r} is not a text or number of up to "
            f"{_MOST_BYTES:,} bytes.", "Shorten it, or leave the column out.", code="bad_annotation", path=path,
        )  # fmt: skip
    return text or None


def _no_paths(rows: Table) -> UsageError:
    return UsageError(
        f"{printable(rows.path)} has {rows.columns}.", f"Name the one with the files {', '.join(PATH_HEADINGS)}.",
        code="column_missing", path=rows.path,
    )  # fmt: skip


def _twice(path: Path, first: str, second: str, file: Path) -> UsageError:
    return UsageError(
        f"{printable(path)}, {first} and {second} are both about {printable(file)}.", "Keep one of them.",
        code="annotated_twice", path=path,
    )  # fmt: skip


def _nothing(snapshot: Snapshot, path: Path, unmatched: Sequence[SkippedFile]) -> IndexFolderError:
    first = f", such as {printable(unmatched[0].path)} ({unmatched[0].reason})" if unmatched else ""
    return IndexFolderError(
        f"No row of {printable(path)} is about a file of the index {printable(snapshot.store.folder)}{first}.",
        "Give absolute paths, or paths below an indexed directory.", code="nothing_annotated", path=path,
    )  # fmt: skip
