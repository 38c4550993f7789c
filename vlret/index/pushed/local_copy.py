"""The small files of pushed indexes on this machine: below the cache directory, by content, the newest only."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from vlret.cache_folder import default_cache
from vlret.files import temporary_beside
from vlret.index.backends.database import Database
from vlret.index.plain_files import require_plain_folder
from vlret.index.pushed.header import Header
from vlret.index.pushed.pieces import save_file

_MOST_BYTES = 4 << 30
"""Copies that were used longest ago are deleted beyond it."""
_UNFINISHED_S = 24 * 3600.0


def local_copy(database: Database, header: Header, again: bool = False) -> Path:
    """The folder with the files that a header names: kept from before, or copied from the database.

    Args:
        again: copy them even if they are there.

    Raises:
        LookupError: a later push has replaced them.
        DatabaseError: one is damaged.
        OutputError: they cannot be written.
        IndexFolderError: something else is in the place of the folder.
    """
    copies = default_cache() / "databases"
    folder = copies / f"{header.id}-{header.content}"
    require_plain_folder(folder)
    if again:
        shutil.rmtree(folder, ignore_errors=True)
    if not _is_whole(folder, header):
        _copy(database, header, folder)
    with contextlib.suppress(OSError):
        os.utime(folder)
    _sweep(copies, folder)
    return folder


def _copy(database: Database, header: Header, folder: Path) -> None:
    made = temporary_beside(folder)
    try:
        for file in header.files:
            save_file(database, file, made / file.name)
        if not _is_whole(folder, header):  # somebody has deleted old files of the cache
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another process has made it meanwhile
            made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _is_whole(folder: Path, header: Header) -> bool:
    return all((folder / file.name).is_file() for file in header.files)


def _sweep(copies: Path, kept: Path) -> None:
    """Delete the copies that were used longest ago, until the rest is small enough, and what killed processes left."""
    n_bytes = 0
    for used_s, path in sorted(_found(copies), reverse=True):
        if path.name.startswith("."):  # being made, or left
            is_old = used_s < time.time() - _UNFINISHED_S
        else:
            n_bytes += _size(path)
            is_old = n_bytes > _MOST_BYTES and path != kept
        if is_old:
            shutil.rmtree(path, ignore_errors=True)


def _found(copies: Path) -> Iterator[tuple[float, Path]]:
    """When each copy was used last, in seconds, and where it is."""
    for path in copies.iterdir():
        with contextlib.suppress(OSError):  # another process has deleted it
            yield path.stat().st_mtime, path


def _size(folder: Path) -> int:
    n_bytes = 0
    with contextlib.suppress(OSError):
        for file in folder.rglob("*"):
            n_bytes += file.stat().st_size
    return n_bytes
