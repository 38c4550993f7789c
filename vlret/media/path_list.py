"""Lists of paths: text with a path a line, names separated by NUL, or a column of a table."""

from __future__ import annotations

import os
from pathlib import Path

from vlret.tables import PATH_HEADINGS, TABLE_SUFFIXES, read_column
from vlret.text_file import decode, is_utf_16, read_bytes

LIST_SUFFIXES = TABLE_SUFFIXES | {".txt"}


def read_path_list(path: Path) -> list[str]:
    r"""The paths that a `.txt` file or a table names, as they stand there.

    A text has a path a line; empty lines and those that begin with `#` are none. If it holds a NUL, as
    `find -print0` writes, NUL separates the names and every other character belongs to them. A table
    (`vlret.tables.read_table`: CSV, TSV, JSON, JSON Lines, YAML) has its paths in the column `path`, `video`, `image`
    or `file`, or in its only one.

    Raises:
        UsageError: no regular file, too large, not UTF-8 text, or a table without such a column.
    """
    if path.suffix.lower() != ".txt":
        return [name for name in read_column(path, PATH_HEADINGS) if name.strip()]
    data = read_bytes(path)
    if b"\0" in data and not is_utf_16(data):
        return [os.fsdecode(name) for name in data.split(b"\0") if name]
    lines = decode(path, data).split("\n")  # not splitlines: a name may hold U+2028 or a form feed
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
