"""Text files from outside: regular files of UTF-8 and of a sane size, and their lines."""

from __future__ import annotations

import io
import stat
from pathlib import Path

from vlret.errors import UsageError
from vlret.text import printable

MOST_BYTES = 2**28
"""Longest file that is read: what is longer is no list that somebody wrote."""


def read_text(path: Path) -> str:
    """UTF-8 text, without a byte order mark; line ends stay as they are.

    Raises:
        UsageError: it is missing, a folder or device, longer than 256 MiB, or not UTF-8.
    """
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode):
            raise UsageError(f"{printable(path)} is no regular file.", "Give a file.")
        if kind.st_size > MOST_BYTES:
            raise UsageError(
                f"{printable(path)} is longer than {MOST_BYTES >> 20} MiB.", "Give a list or table."
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"{printable(path)} is not there.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{printable(path)} cannot be read: {reason}.") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or _alternates(data[:256]):
        raise UsageError(f"{printable(path)} is UTF-16 text, not UTF-8.", "Save it as UTF-8.")
    try:  # `find -print0` lists names as they are on the disk, and one that is no UTF-8 costs itself only
        return data.decode("utf-8-sig", "surrogateescape" if b"\0" in data else "strict")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{printable(path)}, line {line}: this is not UTF-8 text.", "Save it as UTF-8."
        ) from error


def split_lines(text: str) -> list[tuple[int, str]]:
    """(number from 1, line) of each line; lines end in NUL where there is one, else in LF, CR or CR LF only.

    `str.splitlines` would cut at form feeds, U+2028 and others, which are characters like any other.
    """
    lines = text.split("\0") if "\0" in text else (line.rstrip("\n") for line in io.StringIO(text, None))
    return list(enumerate(lines, start=1))


def _alternates(head: bytes) -> bool:
    """Whether every second byte is NUL: UTF-16 without a mark."""
    return len(head) > 3 and (not any(head[1::2]) or not any(head[::2])) and any(head)
