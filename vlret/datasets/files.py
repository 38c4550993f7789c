"""The owner's annotation files: found, read row by row, and named clearly where they are missing or damaged."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

from vlret.errors import VlretError

T = TypeVar("T")
AGAIN = "Download it again."
COMPARE = "Compare it with the owner's format, or download it again."
OR = " | "
"""Separates files of which one is enough: `val_1.json | anet_ret_val_1.json`."""
REBUILT = "(rebuilt)"
"""Marks a file that others assembled in the original format."""
NOT_COUNTED: Mapping[str, int] = {}
"""For no pattern is the number of files known: one is enough."""
_QUOTES = {
    "unexpected end of data": "a quotation mark that opens in this row is not closed",
    "',' expected after '\"'": "text follows the closing quotation mark of a cell (write a mark inside it twice)",
}
"""Messages of the csv module in plain words."""


class DatasetError(VlretError):
    """Annotation files of a dataset are missing or damaged."""


def find(folder: Path, entry: str, n_files: Mapping[str, int] = NOT_COUNTED) -> list[Path]:
    """Files of `folder` that `entry` of a card names, sorted; `a.json | b.csv` is either, `*` is any text.

    The first name whose files are all there is taken (`n_files` is the card's), else the first of which some are,
    else a trimmed copy: `Type.first500.jsonl` for `Type.jsonl`.

    Raises:
        DatasetError: nothing of that name is there.
    """
    names = entry.split(OR)
    found = {name: sorted(folder.glob(name)) for name in names}
    whole = [files for name, files in found.items() if len(files) >= _n_whole(name, files, n_files)]
    trimmed = (sorted(folder.glob(_trimmed(name))) for name in names)
    for files in chain(whole, found.values(), trimmed):
        if files:
            return files
    raise DatasetError(
        f"{folder} has no {' and no '.join(names)}.",
        "Download it from the source that the dataset's card names.",
        code="annotations_missing",
        path=folder,
    )


def part_of(folder: Path, entry: str, n_files: Mapping[str, int] = NOT_COUNTED) -> str:
    """What `find` takes for `entry` though it is not the owner's whole; "" where it is, or nothing is there.

    `Type.first500.jsonl` is a trimmed copy, `3 of 51 files lists/*.txt` are some of many, `COIN.json (rebuilt)` was
    put together by others, as a line "Status: REBUILT" in the folder's SOURCE.md says.
    """
    try:
        files = find(folder, entry, n_files)
    except DatasetError:
        return ""
    names = ", ".join(file.name for file in files[:3])
    if is_trimmed(folder, files[0], entry):
        return names
    pattern = next(name for name in entry.split(OR) if fnmatch(_name(folder, files[0]), name))
    whole = _n_whole(pattern, files, n_files)
    part = f"{len(files)} of {whole} files {pattern}" if len(files) < whole else ""
    return f"{part or names} {REBUILT}" if _is_rebuilt(folder) else part


def is_trimmed(folder: Path, file: Path, entry: str) -> bool:
    """Whether `find` took `file` for `entry` only because the owner's whole file is not there."""
    return not any(fnmatch(_name(folder, file), pattern) for pattern in entry.split(OR))


def _n_whole(pattern: str, files: Sequence[Path], n_files: Mapping[str, int]) -> int:
    """How many files the owner has: the last of `test-00000-of-00002.parquet` says it itself."""
    shard = re.search(r"-of-(\d+)\.", files[0].name) if files else None
    return int(shard[1]) if shard else n_files.get(pattern, 1)


def _is_rebuilt(folder: Path) -> bool:
    source = folder / "SOURCE.md"
    return source.is_file() and "\nStatus: REBUILT" in f"\n{source.read_text('utf-8', 'replace')}"


def _name(folder: Path, file: Path) -> str:
    return file.relative_to(folder).as_posix()


def _trimmed(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem}.*{path.suffix}"))


def read_text(path: Path) -> str:
    """UTF-8 text of a file, unpacked from .gz or from the first .json inside a .zip; line ends become \\n."""
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                member = next(name for name in archive.namelist() if name.endswith(".json"))
                raw = archive.read(member)
        else:
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        text = raw.decode("utf-8-sig")
    except (OSError, EOFError, StopIteration, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise DatasetError(
            f"{path} cannot be read: {str(error) or 'no .json is in it'}.",
            AGAIN,
            code="annotations_damaged",
            path=path,
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_json(path: Path, kind: type[T], key: str = "") -> T:
    """The outermost value of a JSON file, or what stands there under `key`; a `kind` (dict or list)."""
    value = _parse_json(path, read_text(path), "")
    if key:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, kind):
        where = f"under {key!r}" if key else "outermost"
        raise DatasetError(
            f"{path} has a {type(value).__name__} {where}, not a {kind.__name__}.",
            COMPARE,
            code="annotations_damaged",
            path=path,
        )
    return value


def read_records(path: Path) -> list[Any]:
    """The values of a JSON list, or of JSON Lines, whatever the file is called."""
    text = read_text(path)
    if text.lstrip().startswith("["):
        return read_json(path, list)
    rows = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    return [_parse_json(path, line, f", line {number}") for number, line in rows]


def _parse_json(path: Path, text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DatasetError(
            f"{path}{where} is not JSON: {error}.", AGAIN, code="annotations_damaged", path=path
        ) from error


def read_lines(path: Path) -> list[str]:
    """Lines without surrounding blanks; empty ones are left out."""
    return [line.strip() for line in read_text(path).split("\n") if line.strip()]


def read_table(
    path: Path, columns: Sequence[str], delimiter: str = ",", quoted: bool = True, strict: bool = False
) -> list[dict[str, str]]:
    """Rows of a CSV with a header that has `columns` (and perhaps more), as they stand.

    With `quoted=False` a quotation mark is a character like any other. With `strict` one that is out of place
    is an error: without, one that is not closed makes all rows below it a part of its cell.
    """
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    text = io.StringIO(read_text(path))
    reader = csv.DictReader(text, delimiter=delimiter, quoting=quoting, strict=strict)
    rows = _all_rows(path, reader)
    header = list(reader.fieldnames or ())
    if any(name not in header for name in columns):
        found = f"the columns {', '.join(header)}" if header else "no columns"
        raise DatasetError(
            f"{path} has {found}.", f"It needs {', '.join(columns)}.", code="annotations_damaged", path=path
        )
    return rows


def _all_rows(path: Path, reader: csv.DictReader[str]) -> list[dict[str, str]]:
    """All rows; an error names the line that the damaged one begins in."""
    rows: list[dict[str, str]] = []
    line = 1
    try:
        line += reader.line_num if reader.fieldnames else 0
        for row in reader:
            rows.append(row)
            line = reader.line_num + 1
    except csv.Error as error:
        what = _QUOTES.get(str(error), str(error))
        raise DatasetError(
            f"{path}, line {line}: {what}.", AGAIN, code="annotations_damaged", path=path
        ) from error
    return rows


def read_cells(path: Path, width: int) -> list[list[str]]:
    """Rows of a CSV without header, each of at least `width` cells."""
    rows = [row for row in csv.reader(io.StringIO(read_text(path))) if row]
    for number, row in enumerate(rows, 1):
        if len(row) < width:
            raise _bad_row(path, number, f"{width} cells are needed, {len(row)} are there")
    return rows


def parse_rows(path: Path, rows: Iterable[Any], parse: Callable[[Any], T]) -> list[T]:
    """`parse` of each row; what it does not like (KeyError, ValueError, ...) becomes an error with file and row."""
    parsed = []
    for number, row in enumerate(rows, 1):
        try:
            parsed.append(parse(row))
        except KeyError as error:
            raise _bad_row(path, number, f"{error} is missing") from error
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            raise _bad_row(path, number, str(error)) from error
    return parsed


def _bad_row(path: Path, number: int, what: str) -> DatasetError:
    return DatasetError(
        f"{path}, row {number}: {what}.", COMPARE, code="annotations_damaged", path=path, row=number
    )


def text_of(value: object) -> str:
    """A text that is not empty, without surrounding blanks, line breaks made blanks."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is not a text")
    return " ".join(value.split())


def seconds_of(value: Any) -> float:
    """Seconds from a number, a numeral or `hours:minutes:seconds`."""
    parts = str(value).split(":")
    seconds = sum(float(part) * 60.0**power for power, part in enumerate(reversed(parts)))
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(f"{value!r} is not a number of seconds from 0 on")
    return seconds


def span_of(start: Any, end: Any) -> tuple[float, float]:
    """Start and end in seconds, start before end."""
    span = seconds_of(start), seconds_of(end)
    if span[0] >= span[1]:
        raise ValueError(f"the part from {start} to {end} s has no length")
    return span


def known(value: Any, allowed: Mapping[Any, T], what: str) -> T:
    """`allowed[value]`, or an error that names `what` and what is allowed."""
    if value not in allowed:
        some = ", ".join(map(str, list(allowed)[:5]))
        raise ValueError(f"{what} {value!r} is not one of the {len(allowed)} known ({some} ...)")
    return allowed[value]
