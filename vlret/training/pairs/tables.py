"""Tables of media files and texts: JSON Lines, CSV, TSV and Parquet, read row by row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from tqdm import tqdm

from vlret.errors import UsageError
from vlret.storage import folder_of, joined, opened, shown
from vlret.tables import SEPARATORS
from vlret.text import printable
from vlret.training.pairs.clip_media import ClipMedia
from vlret.training.pairs.row import (
    ANSWERS,
    COLUMNS,
    PATHS,
    QUERIES,
    SHARD,
    TEXTS,
    Row,
    first_of,
    row_of,
    text,
)
from vlret.training.pairs.samples import unusable
from vlret.training.pairs.tars import member_of

Cells = Mapping[str, Any]
NOT_IN_TAR = "media file that is not in its tar"


def is_table(location: str) -> bool:
    """Whether `read_table` reads a file of this name."""
    return _suffix(location) in _READERS


def read_table(location: str) -> Iterator[Row]:
    """Yield the rows of a table; its suffix, before .gz, says which kind it is.

    Raises:
        UsageError: it cannot be read, has no row, lacks a column, or a row is not as it should be.
    """
    folder, number = folder_of(location), 0
    with opened(location) as file, _named(location):
        rows = tqdm(_READERS[_suffix(location)](file), "reading the table", unit="row", disable=None, delay=1)
        for number, (place, cells) in enumerate(rows, 1):
            known = {str(heading).strip().lower(): value for heading, value in cells.items()}
            if number == 1:
                _check_columns(location, known)
            yield _row(location, folder, place, known)
    if number == 0:
        raise UsageError(
            f"{shown(location)} has no rows.", "Give a table with a row for each clip.", code="no_rows"
        )


def _row(location: str, folder: str, place: str, cells: Cells) -> Row:
    try:
        name = text(first_of(cells, PATHS)).strip()
        if not name:
            raise ValueError(f"it has no {PATHS[0]}")
        shard = text(cells.get(SHARD)).strip()
        if not shard:
            return row_of(cells, ClipMedia(name, joined(folder, name)))
        media = member_of(joined(folder, shard), name)
        return row_of(cells, media) if media else unusable(ClipMedia(name, shard), NOT_IN_TAR)
    except ValueError as error:
        raise _bad(location, f", {place}: {error}") from error


def _check_columns(location: str, found: Collection[str]) -> None:
    wanted = {"media file": PATHS, "text": TEXTS} | ({"question": QUERIES} if {*ANSWERS} & {*found} else {})
    for what, names in wanted.items():
        if not {*names} & {*found}:
            raise UsageError(
                f"{shown(location)} has no column with the {what}: it has {', '.join(map(shown, found))}.",
                f"Call it {' or '.join(names)}.",
                code="column_missing",
                path=shown(location),
            )


def _suffix(location: str) -> str:
    name = location.partition("?")[0].removesuffix(".gz")
    return name[name.rfind(".") :].lower()


@contextmanager
def _named(location: str) -> Iterator[None]:
    """Name the file in errors of its format."""
    import pyarrow as pa

    try:
        yield
    except UnicodeDecodeError as error:
        raise _bad(location, " is not UTF-8", "Save it as UTF-8.") from error
    except (ValueError, csv.Error, EOFError, pa.ArrowException) as error:
        raise _bad(location, f" is damaged: {printable(error)}") from error


def _bad(location: str, what: str, hint: str = "Correct it.") -> UsageError:
    return UsageError(f"{shown(location)}{what}.", hint, code="table_row", path=shown(location))


def _json_lines(file: BinaryIO) -> Iterator[tuple[str, Cells]]:
    for number, line in enumerate(io.TextIOWrapper(file, "utf-8-sig"), 1):
        if line.strip():
            yield f"line {number}", _json_object(number, line)


def _json_object(number: int, line: str) -> Cells:
    try:
        cells = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"line {number} is not JSON: {error}") from error
    if not isinstance(cells, dict):
        raise ValueError(f"line {number} is no JSON object")
    return cells


def _separated(file: BinaryIO) -> Iterator[tuple[str, Cells]]:
    lines = io.TextIOWrapper(file, "utf-8-sig", newline="")
    heading = lines.readline()
    separator = max(SEPARATORS, key=heading.count)
    names = next(csv.reader([heading], delimiter=separator), [])
    reader = csv.DictReader(lines, names, delimiter=separator, strict=True)
    for cells in reader:
        if any(cells.pop(None, ())):
            raise ValueError(
                f"line {reader.line_num + 1} has more cells than the heading: a text with {separator!r} in it needs "
                "quotation marks"
            )
        yield f"line {reader.line_num + 1}", cells


def _parquet(file: BinaryIO) -> Iterator[tuple[str, Cells]]:
    import pyarrow.parquet as pq

    parquet = pq.ParquetFile(file)
    names = [name for name in parquet.schema_arrow.names if name.strip().lower() in COLUMNS]
    first = 1
    for batch in parquet.iter_batches(10_000, columns=names):
        yield from ((f"row {number}", cells) for number, cells in enumerate(batch.to_pylist(), first))
        first += len(batch)


_READERS: dict[str, Callable[[BinaryIO], Iterable[tuple[str, Cells]]]] = {
    ".jsonl": _json_lines, ".ndjson": _json_lines, ".csv": _separated, ".tsv": _separated, ".parquet": _parquet,
}  # fmt: skip
