"""Atomic writes: a file is written completely or not at all, and never through someone else's symbolic link."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from vlret.errors import OutputError
from vlret.text import printable

TEMPORARY = ".part"

_HINTS = {
    errno.ENOSPC: "Free some space on the disk, or write to another one.",
    errno.EDQUOT: "Free some of your quota, or write to another disk.",
    errno.EFBIG: "The disk does not allow files of this size: write to another one.",
    errno.EACCES: "Choose a directory with write permission.",
    errno.EPERM: "Choose a directory with write permission.",
    errno.EROFS: "The disk is read-only: write to another one.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.EISDIR: "It is a directory: append a file name.",
    errno.ENOTDIR: "A part of this path is a file, not a directory.",
    errno.EEXIST: "A part of this path is a file, not a directory.",
    errno.EPIPE: "The reader has closed the pipe.",
}


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a binary file that replaces `path` when the block ends; its directory is created.

    The bytes are written to a new file in the same directory, flushed to disk and renamed: a reader, or a machine
    after a power cut, sees all of them or the old file. If the block fails, the old file is unchanged. A symbolic
    link at `path` is replaced, not followed.

    Raises:
        OutputError: it cannot be written (full disk, no permission).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary, file = _new_beside(path)
        try:
            with file:
                _keep_mode(path, file)
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error


def replace_file(path: Path, data: bytes) -> None:
    """Write `data` to `path` by `replacing`.

    Raises:
        OutputError: it cannot be written; the old file is unchanged.
    """
    with replacing(path) as file:
        file.write(data)


def write_output(path: Path, data: bytes) -> None:
    """Write `data` to `path`, given by the user: a device or pipe directly, any other file by `replacing`.

    Raises:
        OutputError: it cannot be written; the old file is unchanged.
    """
    if not _is_stream(path):
        replace_file(path, data)
        return
    try:
        with _open_stream(path) as file:
            file.write(data)
    except OSError as error:
        raise unwritable(path, error) from error


def check_output(path: Path) -> None:
    """Raise `OutputError` unless `write_output` can write `path`; call it before long work. Creates the directory."""
    if _is_stream(path):
        return
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary, file = _new_beside(path)
        file.close()
        temporary.unlink()
    except OSError as error:
        raise unwritable(path, error) from error


def temporary_beside(path: Path) -> Path:
    """Return an unpredictable name in the directory of `path`: `.NAME.RANDOM.part`, NAME cut to 100 characters."""
    return path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}{TEMPORARY}")


def is_temporary(name: str) -> bool:
    """Whether `temporary_beside` made this name: a killed writer leaves such files."""
    digits = name.removesuffix(TEMPORARY)[-16:]
    return name.startswith(".") and name.endswith(TEMPORARY) and len(digits) == 16 and _is_hex(digits)


def unwritable(path: Path, error: OSError) -> OutputError:
    """Return the error that says which file cannot be written, why, and what to do."""
    hint = _HINTS.get(error.errno or 0, "Choose another place to write to.")
    reason = error.strerror or error
    return OutputError(
        f"{printable(path)} cannot be written: {reason}.", hint, code="write_failed", path=path
    )


def _is_stream(path: Path) -> bool:
    """Whether `path` is a device, a pipe or an open file of a process, such as /dev/null or /dev/stdout."""
    with suppress(OSError):
        if stat.S_IFMT(path.lstat().st_mode) not in (stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR):
            return True
    folder = path.absolute().parent.resolve()
    return folder == Path("/dev") or Path("/proc") in folder.parents


def _open_stream(path: Path) -> BinaryIO:
    """Open a stream; an open file of this process is duplicated, as opening it by name would truncate it."""
    number = {"/dev/stdout": "1", "/dev/stderr": "2"}.get(str(path), path.name)
    if not number.isdecimal() or path.parent.name not in ("dev", "fd"):
        return path.open("wb")
    sys.stdout.flush()
    return os.fdopen(os.dup(int(number)), "wb")


def _new_beside(path: Path) -> tuple[Path, BinaryIO]:
    temporary = temporary_beside(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return temporary, os.fdopen(os.open(temporary, flags, 0o666), "wb")


def _is_hex(text: str) -> bool:
    return all(character in "0123456789abcdef" for character in text)


def _keep_mode(path: Path, file: BinaryIO) -> None:
    """Give the new file the permissions of the old one: a private file stays private."""
    with suppress(OSError):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode) and hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), mode & 0o777)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows cannot open a directory; its rename is durable by itself
        return
    with suppress(OSError):  # some network disks cannot; the file is in place anyway
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
