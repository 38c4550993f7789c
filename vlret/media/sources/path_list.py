"""Lists of paths: text with one path per line, names separated by NUL, or a column of a table."""

from __future__ import annotations

from pathlib import Path

from vlret.tables import PATH_HEADINGS, TABLE_SUFFIXES, read_column
from vlret.text_file import read_text, split_lines

LIST_SUFFIXES = TABLE_SUFFIXES | {".txt"}


def read_path_list(path: Path) -> list[str]:
    r"""Return the paths in a list, unchanged.

    A `.txt` has one path per line; empty lines and lines that begin with `#` are skipped. If it holds a NUL, as
    `find -print0` writes, NUL separates the names and every other character belongs to them. Any other list is
    read by `vlret.tables.read_column`, from its column `path`, `video`, `image` or `file`.

    Raises:
        UsageError: not a regular file, larger than 256 MiB, not UTF-8 text, or a table without such a column.
    """
    if path.suffix.lower() in TABLE_SUFFIXES:
        return [name for name in read_column(path, PATH_HEADINGS) if name.strip()]
    text = read_text(path)
    names = [line for _, line in split_lines(text) if line.strip()]
    return names if "\0" in text else [name for name in names if not name.lstrip().startswith("#")]
