"""One writer at a time: a lock file that records who holds it."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from vlret.errors import IndexFolderError
from vlret.files import unwritable
from vlret.index.backends.address import require_no_address
from vlret.index.json_fields import parse_json
from vlret.index.plain_files import open_plain, open_to_lock
from vlret.text import printable

LOCK = "lock"
_MOST_BYTES = 4096
_MOST_SHOWN = 200


@contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Hold the right to write into `folder` (created if missing).

    The operating system's lock on the file decides, and ends with the process however that ends: what a
    killed writer of this host left is taken over. The file's text (pid, host, since) is for people, and
    for folders shared between hosts, where the system's lock may not reach across.

    Raises:
        IndexFolderError: another writer holds it; the message says which. Or the file system has no locks, or
            the lock is a link.
        OutputError: the folder cannot be written.
        UsageError: it is the address of a database.
    """
    require_no_address(folder)
    path = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = open_to_lock(path)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        if not _locked(handle, path) or _holder(handle).get("host", _host()) != _host():
            raise _held(path, _holder(handle))
        _write(handle, {"pid": os.getpid(), "host": _host(), "since": _now()})
        try:
            yield
        finally:
            _write(handle, {})
    finally:
        os.close(handle)


def is_lock(path: Path) -> bool:
    """Whether a file is the lock of an index: its name, and nothing in it but who holds it."""
    if path.name != LOCK or path.is_symlink() or not path.is_file():
        return False
    with open_plain(path) as file:
        text = file.read(_MOST_BYTES + 1)
    return text == b"" or (len(text) <= _MOST_BYTES and text.startswith(b'{"pid": '))


def _locked(handle: int, path: Path) -> bool:
    try:
        return _try_lock(handle)
    except OSError as error:
        raise IndexFolderError(
            f"{printable(path)} cannot be locked: {error.strerror}. Its file system (a network share?) does not "
            "support file locks, and without them two runs could corrupt an index.",
            "Write the index to a local disk and copy it to the share: searching it there needs no lock.",
            code="no_file_locks",
            path=path,
        ) from error


if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # a byte past the text: Windows forbids others to read what is locked

    def _try_lock(handle: int) -> bool:
        try:
            os.lseek(handle, _FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _holder(handle: int) -> dict[str, object]:
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        values = parse_json(os.read(handle, _MOST_BYTES) or b"{}")
    except ValueError:  # a writer was killed while it wrote its name
        return {}
    return values if isinstance(values, dict) else {}


def _write(handle: int, values: dict[str, object]) -> None:
    os.lseek(handle, 0, os.SEEK_SET)
    os.ftruncate(handle, 0)
    os.write(handle, json.dumps(values).encode() if values else b"")


def _held(path: Path, holder: dict[str, object]) -> IndexFolderError:
    who = f"process {holder.get('pid', '?')} on {holder.get('host', '?')} since {holder.get('since', '?')}"
    return IndexFolderError(
        f"{printable(path.parent)} is being written by {printable(who)[:_MOST_SHOWN]}.",
        f"Wait for it to end; if no such process is running, delete {printable(path)}.",
        code="index_locked",
        path=path.parent,
    )


def _host() -> str:
    return socket.gethostname()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
