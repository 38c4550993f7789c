"""Text files from outside: regular files of UTF-8 and of a sane size, and their lines."""

from __future__ import annotations

import io
import stat
from pathlib import Path

from vlret.errors import UsageError
from vlret.text import printable

MAX_BYTES = 256 << 20
"""Of a list or table: what is longer nobody wrote."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_bytes(path: Path) -> bytes:
    """The content of a regular file.

    Raises:
        UsageError: it is missing, a folder, a device or a pipe (which may have no end), or larger than `MAX_BYTES`.
    """
    name = printable(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{name} is not a regular file.", "Write the list into a file.")
        if status.st_size > MAX_BYTES:
            raise UsageError(
                f"{name} is larger than {MAX_BYTES >> 20} MiB.", "Is it a list? Cut it into parts."
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"{name} is not there.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UsageError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def decode(path: Path, data: bytes) -> str:
    """UTF-8, or UTF-16 with its mark; line ends stay as they are.

    Raises:
        UsageError: it is neither; `path` is what the message calls it.
    """
    if _alternates(data[:256]):
        raise UsageError(f"{printable(path)} is not UTF-8 text (UTF-16 without a mark).", "Save it as UTF-8.")
    try:
        return data.decode("utf-16" if is_utf_16(data) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{printable(path)} is not UTF-8 text (line {line}).", "Save it as UTF-8."
        ) from error


def is_utf_16(data: bytes) -> bool:
    """Whether it begins with UTF-16's mark."""
    return data.startswith(_UTF_16)


def read_text(path: Path) -> str:
    """`decode` of `read_bytes`."""
    return decode(path, read_bytes(path))


def split_lines(text: str) -> list[tuple[int, str]]:
    """(number from 1, line) of each line; lines end in NUL where there is one, else in LF, CR or CR LF only.

    `str.splitlines` would cut at form feeds, U+2028 and others, which are characters like any other.
    """
    lines = text.split("\0") if "\0" in text else (line.rstrip("\n") for line in io.StringIO(text, None))
    return list(enumerate(lines, start=1))


def _alternates(head: bytes) -> bool:
    return len(head) > 3 and any(head) and (not any(head[1::2]) or not any(head[::2]))
