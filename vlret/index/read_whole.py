"""Reads one revision of an index whole, while a writer may replace its files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from vlret.errors import IndexFolderError
from vlret.index.manifest import Manifest
from vlret.index.store import Store
from vlret.text import printable

_TRIES = 20
T = TypeVar("T")


def read_whole(store: Store, read: Callable[[Manifest], T]) -> T:
    """What `read` gives for the current manifest; it raises FileNotFoundError where a file of it is gone.

    Raises:
        IndexFolderError: the folder holds no index, or a damaged one.
    """
    manifest = store.read_manifest()
    for _ in range(_TRIES):
        try:
            return read(manifest)
        except FileNotFoundError as error:
            # A writer commits a new manifest before it deletes what the old one named.
            before, manifest = manifest, store.read_manifest()
            if manifest.revision == before.revision:
                raise IndexFolderError(
                    f"{printable(error.filename or error)} of the index {printable(store.folder)} is missing.",
                    "Restore it from a backup, or delete the index and build it again.",
                    code="index_damaged",
                    path=store.folder,
                ) from error
    raise IndexFolderError(
        f"The index {printable(store.folder)} changes faster than it can be read.",
        "Try again.",
        code="index_changing",
        path=store.folder,
    )
