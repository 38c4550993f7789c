"""The small files of pushed indexes on this machine: below the cache directory, by content, the newest only."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from vlret.cache_folder import default_cache
from vlret.files import temporary_beside
from vlret.index.backends.database import Database
from vlret.index.plain_files import require_plain_folder
from vlret.index.pushed.header import MANIFEST, Header
from vlret.index.pushed.pieces import save_file

_MOST_BYTES = 4 << 30
"""Copies that were used longest ago are deleted beyond it."""


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
    if not (folder / MANIFEST).exists():
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
        with contextlib.suppress(OSError):  # another process has made it meanwhile
            made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _sweep(copies: Path, kept: Path) -> None:
    """Delete the copies that were used longest ago, until the rest is small enough."""
    found = []
    for path in copies.iterdir():
        with contextlib.suppress(OSError):  # another process has deleted it
            found.append((path.stat().st_mtime, path))
    n_bytes = 0
    for _, path in sorted(found, reverse=True):
        n_bytes += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        if n_bytes > _MOST_BYTES and path != kept:
            shutil.rmtree(path, ignore_errors=True)
