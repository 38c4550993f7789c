"""Lists of paths: text with a path a line, names separated by NUL, or a column of a table."""

from __future__ import annotations

import csv
import io
import os
import stat
from pathlib import Path

from vlret.errors import UsageError

LIST_SUFFIXES = frozenset((".txt", ".csv", ".tsv"))
MAX_BYTES = 256 << 20
_COLUMNS = ("path", "video", "file")


def read_path_list(path: Path) -> list[str]:
    r"""The paths that a `.txt`, `.csv` or `.tsv` file names, as they stand there.

    A text has a path a line; empty lines and those that begin with `#` are none. If it holds a NUL, as
    `find -print0` writes, NUL separates the names and every other character belongs to them. A table has
    its paths in the column `path`, `video` or `file`, separated by comma, semicolon, tab or `|`.

    Raises:
        UsageError: no regular file, larger than MAX_BYTES, not UTF-8 text, or a table without such a column.
    """
    data = _read(path)
    if path.suffix.lower() != ".txt":
        return _column(path, _decoded(path, data))
    if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):  # not UTF-16
        return [os.fsdecode(name) for name in data.split(b"\0") if name]
    lines = _decoded(path, data).split("\n")  # not splitlines: a name may hold U+2028 or a form feed
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _read(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe or device may have no end
            raise UsageError(f"{path} is not a regular file.", "Write the list into a file.")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from error
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path} is larger than {MAX_BYTES >> 20} MiB.", "Is it a list? Cut it into parts.")
    return data


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path} is not UTF-8 text (line {line}).", "Save the list as UTF-8.") from error


def _column(path: Path, text: str) -> list[str]:
    headings: list[str] = []
    try:
        for delimiter in ",;\t|":
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            heading = [name.strip() for name in next(rows, [])]
            lower = [name.casefold() for name in heading]
            column = next((lower.index(name) for name in _COLUMNS if name in lower), None)
            if column is not None:
                return [row[column] for row in rows if len(row) > column and row[column].strip()]
            headings = max(headings, heading, key=len)
    except csv.Error as error:
        raise UsageError(f"{path} is not a readable table: {error}.", "Save it as CSV again.") from error
    raise UsageError(
        f"{path} has the columns {', '.join(headings) or 'none'}.",
        f"Name the column with the paths one of {', '.join(_COLUMNS)}.",
    )
