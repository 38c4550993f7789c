"""Files of shards, in a directory of this machine or at an address: written whole or not at all."""

from __future__ import annotations

from pathlib import Path

from vlret.errors import IndexFolderError
from vlret.files import replace_file, unwritable
from vlret.index.plain_files import read_plain
from vlret.object_store import read_bytes, state_of, without_key, write_bytes
from vlret.remote_path import RemotePath
from vlret.text import printable


def write_file(path: Path, data: bytes) -> None:
    """Write a file, or replace it; a reader sees all of it or what was there before.

    Raises:
        OutputError: it cannot be written.
        MissingExtraError: the package for its address is not installed.
    """
    if not isinstance(path, RemotePath):
        replace_file(path, data)
        return
    try:
        write_bytes(path, data)
    except OSError as error:
        raise unwritable(without_key(path), error) from error


def read_file(path: Path, most_bytes: int) -> bytes:
    """All of a file.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: it is larger than `most_bytes`.
        OSError: a file of this machine cannot be read.
        IndexFolderError: it is not a plain file, or an address cannot be read.
        MissingExtraError: the package for its address is not installed.
    """
    if not isinstance(path, RemotePath):
        return read_plain(path, most_bytes)
    try:
        return _read_object(path, most_bytes)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise IndexFolderError(
            f"{printable(without_key(path))} cannot be read: {error.strerror}.",
            "Check the address, your credentials and the network.", code="shards_unreadable", path=without_key(path),
        ) from error  # fmt: skip


def _read_object(path: RemotePath, most_bytes: int) -> bytes:
    size, _ = state_of(path) or (0, 0)
    if size > most_bytes:
        raise ValueError(f"it is larger than {most_bytes:,} bytes")
    return read_bytes(path)
