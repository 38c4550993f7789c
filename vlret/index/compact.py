"""Rewrites the shards of an index without the rows that were dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from vlret.index.manifest import FileEntry, Manifest
from vlret.index.merge_shards import MERGE_AT
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.stored_windows import StoredWindows
from vlret.index.tables import shard_schema
from vlret.index.writer import SHARD_CLIPS
from vlret.types import Ids


@dataclass(frozen=True, slots=True)
class CompactReport:
    """What `Index.compact` did: the dropped clips that are gone now, and what the tables take on disk."""

    index: str
    removed_clips: int
    bytes_before: int
    bytes: int

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return asdict(self)


def compact_store(store: Store) -> None:
    """Write the live rows into full new shards, make them the index, delete the old ones.

    A shard that is full and has no dropped row stays. Needs the folder's lock. clip_ids stay as they are; one shard is
    held in memory.
    """
    before = Snapshot.read(store)
    store.sweep(before.manifest)
    number = before.manifest.next_shard
    shards: list[FileEntry] = []
    for stay, entries in groupby(before.manifest.shards, lambda entry: _is_full(store, entry, before)):
        if stay:
            shards += entries
            continue
        part = replace(before.manifest, shards=tuple(entries))
        for table in full_tables(store, part, before.dropped):
            entry, number = store.write_table("shards", number, table, before.manifest.id)
            shards.append(entry)
    windows, number = copy_windows(before, store, number)
    after = before.manifest.next(shards=tuple(shards), dropped=None, next_shard=number, windows=windows)
    store.replace(before.manifest, after)


def _is_full(store: Store, entry: FileEntry, snapshot: Snapshot) -> bool:
    if entry.rows < MERGE_AT * SHARD_CLIPS:
        return False
    table = store.read_table(entry, shard_schema(snapshot.manifest.recipe.card.dim), ["clip_id"])
    return not np.isin(table["clip_id"].to_numpy(), snapshot.dropped).any()


def copy_windows(source: Snapshot, store: Store, number: int) -> tuple[tuple[FileEntry, ...] | None, int]:
    """Write the windows of the files of `source` into new tables of `store`; and the number that follows.

    `source` is of the same index, or of one with its id.
    """
    if source.manifest.windows is None:
        return None, number
    entries: list[FileEntry] = []
    stored = StoredWindows(source.store, source.manifest)
    for table in joined_tables(stored.tables(set(source.rows["fingerprint"])), SHARD_CLIPS):
        entry, number = store.write_table("windows", number, table, source.manifest.id)
        entries.append(entry)
    return tuple(entries), number


def full_tables(store: Store, manifest: Manifest, dropped: Ids) -> Iterator[pa.Table]:
    """The rows of all shards but those with the clip_ids `dropped`, in tables of a full shard each."""
    schema = shard_schema(manifest.recipe.card.dim)
    tables = (store.read_table(entry, schema) for entry in manifest.shards)
    live = (table.filter(pa.array(~np.isin(table["clip_id"].to_numpy(), dropped))) for table in tables)
    return joined_tables(live, MERGE_AT * SHARD_CLIPS)


def joined_tables(tables: Iterable[pa.Table], n_rows: int) -> Iterator[pa.Table]:
    """The rows of `tables` in tables of at least `n_rows` each, but the last."""
    parts: list[pa.Table] = []
    for table in tables:
        parts.append(table)
        if sum(part.num_rows for part in parts) >= n_rows:
            yield pa.concat_tables(parts)
            parts = []
    if any(part.num_rows for part in parts):
        yield pa.concat_tables(parts)
