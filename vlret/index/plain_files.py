"""Files of an index opened only if they are plain: a stranger may have put a link, a FIFO or a device there."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

from vlret.errors import IndexFolderError
from vlret.text import printable

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | _NOFOLLOW | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def require_plain_file(path: Path) -> None:
    """Check that `path` is a file of its own folder, or nothing.

    Raises:
        IndexFolderError: it is a link, a FIFO, a device or a directory.
    """
    _require(path, stat.S_IFREG, "a plain file")


def require_plain_folder(path: Path) -> None:
    """Check that `path` is a folder, not a link to one, or nothing.

    Raises:
        IndexFolderError: it is something else.
    """
    _require(path, stat.S_IFDIR, "a directory")


def open_plain(path: Path) -> BufferedReader:
    """A plain file for reading.

    Raises:
        IndexFolderError: it is a link, a FIFO, a device or a directory.
        OSError: it is not there, or may not be read.
    """
    require_plain_file(path)
    return os.fdopen(os.open(path, _READ), "rb")


def read_plain(path: Path, most_bytes: int) -> bytes:
    """All of a plain file.

    Raises:
        IndexFolderError: it is not a plain file.
        ValueError: it is larger than `most_bytes`.
        OSError: it is not there, or may not be read.
    """
    with open_plain(path) as file:
        if os.fstat(file.fileno()).st_size > most_bytes:
            raise ValueError(f"it is larger than {most_bytes:,} bytes")
        return file.read()


def open_to_lock(path: Path) -> int:
    """A handle to read and write `path`, made if missing: what it held is kept.

    Raises:
        IndexFolderError: it is not a plain file, or has another hard link.
        OSError: it cannot be opened.
    """
    require_plain_file(path)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | _NOFOLLOW, 0o666)
    if os.fstat(handle).st_nlink > 1:
        os.close(handle)
        raise _refused(path, "a hard link to another file", "a plain file")
    return handle


def _require(path: Path, wanted: int, what: str) -> None:
    try:
        kind = stat.S_IFMT(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if kind != wanted:
        raise _refused(path, _KINDS.get(kind, "a file"), what)


def _refused(path: Path, kind: str, wanted: str) -> IndexFolderError:
    return IndexFolderError(
        f"{printable(path)} is {kind}; an index has {wanted} there.",
        "Nothing was read or written. Delete it, or build a new index in another directory.",
        code="not_a_plain_file",
        path=path,
    )
