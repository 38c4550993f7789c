"""A fingerprint of a file's content that does not read all of it."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from vlret.object_store import read_bytes, state_of
from vlret.remote_path import RemotePath

BLOCK_BYTES = 64 * 1024
_INT64 = range(-(2**63), 2**63)


def file_state(path: Path) -> tuple[int, int]:
    """Size in bytes and time of change in nanoseconds since 1970, where int64 holds it (1677 to 2262).

    A time beyond becomes the nearest that it holds: some file systems go further. Times of objects at addresses are
    in whole seconds.

    Raises:
        OSError: the file cannot be looked at.
        MissingExtraError: the package for its address is not installed.
    """
    if isinstance(path, RemotePath):
        return _object_state(path)
    stat = path.stat()
    return stat.st_size, min(max(stat.st_mtime_ns, _INT64.start), _INT64.stop - 1)


def is_readable(path: Path) -> bool:
    """Whether a file may be read; an object at an address, which was fetched or failed, is."""
    return isinstance(path, RemotePath) or os.access(path, os.R_OK)


def fingerprint(path: Path) -> str:
    """32 hex digits over the size and the first, middle and last 64 KiB of a file.

    A container's header or index is at the beginning or the end and holds the size and place of every frame,
    so that a truncated, re-encoded or re-muxed file is noticed. An edit of a few bytes elsewhere that keeps the
    size is not.

    Raises:
        OSError: the file cannot be read.
        MissingExtraError: the package for its address is not installed.
    """
    if isinstance(path, RemotePath):
        size, _ = _object_state(path)
        return _digest(size, lambda offset: read_bytes(path, offset, min(offset + BLOCK_BYTES, size)))
    with path.open("rb") as file:
        return _digest(file.seek(0, 2), lambda offset: _block(file, offset))


def _digest(size: int, block: Callable[[int], bytes]) -> str:
    digest = hashlib.blake2b(size.to_bytes(8, "little"), digest_size=16)
    for offset in sorted({0, max(0, (size - BLOCK_BYTES) // 2), max(0, size - BLOCK_BYTES)}) if size else ():
        digest.update(block(offset))
    return digest.hexdigest()


def _block(file: BinaryIO, offset: int) -> bytes:
    file.seek(offset)
    return file.read(BLOCK_BYTES)


def _object_state(address: RemotePath) -> tuple[int, int]:
    state = state_of(address)
    if state is None:
        raise FileNotFoundError(errno.ENOENT, "a directory, not an object")
    return state
