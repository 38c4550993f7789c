"""Reads text files from outside: regular UTF-8 files of limited size, and their lines."""

from __future__ import annotations

import io
import stat
from pathlib import Path

from vlret.errors import UsageError
from vlret.text import printable

MOST_BYTES = 2**28
"""Largest file that is read: anything longer is not a list written by hand."""


def read_text(path: Path) -> str:
    """Return the UTF-8 text of a file without its byte order mark; line ends are kept.

    Raises:
        UsageError: the file is missing, a directory or device, larger than 256 MiB, or not UTF-8.
    """
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode):
            raise UsageError(
                f"{printable(path)} is not a regular file.", "Give a file.", code="not_a_file", path=path
            )
        if kind.st_size > MOST_BYTES:
            raise UsageError(
                f"{printable(path)} is larger than {MOST_BYTES >> 20} MiB.",
                "Give a list or table.",
                code="file_too_large",
                path=path,
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"{printable(path)} does not exist.", code="file_missing", path=path) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{printable(path)} cannot be read: {reason}.", code="file_unreadable", path=path
        ) from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or _alternates(data[:256]):
        raise UsageError(
            f"{printable(path)} is UTF-16 text, not UTF-8.", "Save it as UTF-8.", code="not_utf8", path=path
        )
    try:  # `find -print0` lists names as they are on disk: one that is not UTF-8 must not spoil the others
        return data.decode("utf-8-sig", "surrogateescape" if b"\0" in data else "strict")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{printable(path)}, line {line}: this is not UTF-8 text.",
            "Save it as UTF-8.",
            code="not_utf8",
            path=path,
            line=line,
        ) from error


def split_lines(text: str) -> list[tuple[int, str]]:
    """Return (number from 1, line) of each line: separated by NUL if there is any, else by LF, CR or CR LF.

    `str.splitlines` would also split at form feeds, U+2028 and others, which belong to the line.
    """
    lines = text.split("\0") if "\0" in text else (line.rstrip("\n") for line in io.StringIO(text, None))
    return list(enumerate(lines, start=1))


def _alternates(head: bytes) -> bool:
    """Whether every second byte is NUL: UTF-16 without a byte order mark."""
    return len(head) > 3 and (not any(head[1::2]) or not any(head[::2])) and any(head)
