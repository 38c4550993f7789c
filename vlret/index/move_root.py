"""Records where a folder of media files is now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vlret.index.indexed_files import by_real_path, indexed_files
from vlret.index.lock import writer_lock
from vlret.index.roots import with_root
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.writer import IndexWriter


def move_root(index: str | Path, old: str | Path, new: str | Path) -> None:
    """Record that the media files below `old` are below `new` now; nothing is encoded again.

    Where the index has a file of `new` already, the clips that came first are dropped.

    Raises:
        IndexFolderError: the index has no such root, or a writer is at work.
    """
    store = Store(Path(index))
    store.read_manifest()  # an error where there is no index
    with writer_lock(store.folder):
        snapshot = Snapshot.read(store)
        manifest = with_root(store.folder, snapshot.manifest, str(old), str(new))
        writer = IndexWriter(snapshot, manifest.roots)
        writer.drop(by_real_path(indexed_files(replace(snapshot, manifest=manifest)))[1])
        writer.commit()
