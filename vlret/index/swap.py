"""Puts the contents of one index in the place of another's, in one commit."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vlret.index.compact import copy_windows, full_tables
from vlret.index.lock import LOCK
from vlret.index.manifest import FOLDERS, FileEntry, Manifest
from vlret.index.snapshot import Snapshot
from vlret.index.store import MANIFEST, VIEW, VIEW_NAME, Store
from vlret.index.tables import skipped_table


def swap(store: Store, other: Store, files: Collection[tuple[int, str]]) -> None:
    """Commit the clips, recipe and skipped files of `other` as the next revision of the index in `store`.

    Both have the same id and roots. Clips get new clip_ids, so that an id never means another clip than before.
    What was skipped stays on record, and so do all tables of the manifest that say nothing about clips. Needs the
    locks of both; after a kill at any moment `store` holds its old contents or the new ones. One shard is held in
    memory.

    Args:
        files: (root, path) of the files to take over.
    """
    before, new = Snapshot.read(store), Snapshot.read(other)
    store.sweep(before.manifest)
    is_kept = [place in files for place in zip(new.rows["root"], new.rows["path"], strict=True)]
    left_out = np.union1d(new.dropped, new.rows["clip_id"].to_numpy()[~np.array(is_kept, bool)])
    first_id, number = before.manifest.next_clip_id, before.manifest.next_shard
    shards: list[FileEntry] = []
    for table in full_tables(other, new.manifest, left_out):
        entry, number = store.write_table("shards", number, _shifted(table, first_id), before.manifest.id)
        shards.append(entry)
    windows, number = copy_windows(new, store, number)
    after = before.manifest.next(
        recipe=new.manifest.recipe, shards=tuple(shards), dropped=None, skipped=_skipped(store, before, new),
        next_shard=number, next_clip_id=first_id + new.manifest.next_clip_id, windows=windows,
    )  # fmt: skip
    store.replace(before.manifest, after)


def _shifted(table: pa.Table, first_id: int) -> pa.Table:
    place = table.schema.get_field_index("clip_id")
    return table.set_column(place, table.schema.field(place), pc.add(table["clip_id"], first_id))


def _skipped(store: Store, before: Snapshot, new: Snapshot) -> FileEntry | None:
    rows = {(row.root, row.path): row for row in (*before.skipped, *new.skipped)}
    if not rows:
        return None
    table = skipped_table(rows.values())
    return store.write_table("skipped", before.manifest.revision + 1, table, before.manifest.id)[0]


def discard(store: Store, manifest: Manifest) -> None:
    """Delete the index in `store`, its manifest first, and what is left of one with the id of `manifest`.

    Files that are not of that index stay, and so does then the folder.
    """
    if not store.folder.is_dir():
        return
    (store.folder / MANIFEST).unlink(missing_ok=True)
    store.sweep(replace(Manifest.start(manifest.recipe), id=manifest.id))
    view = store.folder / VIEW
    for path in list(view.iterdir()) if view.is_dir() else []:
        if re.fullmatch(VIEW_NAME, path.name):
            path.unlink()
    (store.folder / LOCK).unlink(missing_ok=True)
    for folder in (view, *(store.folder / name for name in FOLDERS), store.folder):
        with suppress(OSError):
            folder.rmdir()
