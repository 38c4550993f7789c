"""A new index without clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vlret.errors import IndexFolderError
from vlret.index.lock import is_lock, writer_lock
from vlret.index.manifest import Manifest
from vlret.index.requested_recipe import RequestedRecipe
from vlret.index.store import Store, is_own_temporary
from vlret.models.base import Embedder
from vlret.text import printable


def start_index(
    store: Store, requested: RequestedRecipe, roots: Sequence[str] = (), index_id: str = ""
) -> Embedder:
    """Write the manifest of an index without clips; return the model that its clips are for.

    Args:
        store: where there is no index yet.
        requested: its recipe.
        roots: its folders of media files, in order.
        index_id: 32 hex digits; "" draws a new one.

    Raises:
        UsageError: the model is text-only.
        ModelError: it cannot be loaded.
        IndexFolderError: the folder is not empty, or another writer is at work.
        OutputError: the folder cannot be written.
    """
    require_own_folder(store)
    with writer_lock(store.folder):
        embedder = requested.load(store.folder, None)
        embedder.check_clips()
        manifest = Manifest.start(requested.recipe(embedder))
        store.commit(replace(manifest, roots=tuple(roots), id=index_id or manifest.id))
    return embedder


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
