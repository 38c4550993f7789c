"""A new index without clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vlret.errors import IndexFolderError
from vlret.index.lock import is_lock, writer_lock
from vlret.index.manifest import IndexRecipe, Manifest
from vlret.index.store import Store, is_own_temporary
from vlret.text import printable


def start_index(store: Store, recipe: IndexRecipe, roots: Sequence[str] = (), index_id: str = "") -> None:
    """Write the manifest of an index without clips.

    Args:
        store: where there is no index yet.
        recipe: what its clips will be made by.
        roots: its folders of media files, in order.
        index_id: 32 hex digits; "" draws a new one.

    Raises:
        IndexFolderError: the folder is not empty, or another writer is at work.
        OutputError: it cannot be written.
    """
    require_own_folder(store)
    with writer_lock(store.folder):
        manifest = Manifest.start(recipe)
        store.commit(replace(manifest, roots=tuple(roots), id=index_id or manifest.id))


def require_own_folder(store: Store) -> None:
    """Raise `IndexFolderError` unless the folder holds a good index, nothing, or what a killed first run left."""
    if store.exists:
        store.read_manifest()  # a damaged index, or one with links in it, is refused before its lock is taken
    elif not store.folder.exists():
        return
    elif not store.folder.is_dir() or not all(map(_is_left_over, store.folder.iterdir())):
        raise IndexFolderError(
            f"{printable(store.folder)} exists and is not an index.",
            "Give a new or an empty directory for the index.",
            code="not_an_index",
            path=store.folder,
        )


def _is_left_over(path: Path) -> bool:
    """Whether a run left this that was killed before its first commit."""
    return is_lock(path) or is_own_temporary(path)
