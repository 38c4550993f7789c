"""The vectors of the clips of an index, read from its shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vlret.index.clip_columns import ClipColumns
from vlret.index.manifest import FileEntry, Manifest
from vlret.index.store import Store, compacted, damaged
from vlret.index.tables import shard_schema, unit_vectors
from vlret.types import Ids, Vectors

if TYPE_CHECKING:
    import pyarrow as pa


class StoredVectors:
    """The vectors of the live clips of one revision, unit length.

    Each method raises `IndexFolderError` where a shard is damaged, or a later revision has replaced it.
    """

    def __init__(self, store: Store, manifest: Manifest, columns: ClipColumns) -> None:
        self._store, self._manifest, self._columns = store, manifest, columns
        self._dim = manifest.recipe.card.dim

    def all(self) -> Vectors:
        """All of them, float32 [n, dim], in order of clip_id."""
        vectors, n_done = np.empty((len(self._columns), self._dim), np.float32), 0
        for entry, shard in zip(self._manifest.shards, self._columns.shards, strict=True):
            ids = self._columns.clip_ids[n_done : n_done + shard.live]
            vectors[n_done : n_done + shard.live] = self._picked(
                entry, self._table(entry, ["clip_id", "vector"]), ids
            )
            n_done += shard.live
        return vectors

    def of(self, clip_ids: Ids) -> Vectors:
        """Those of some clips, int64 [m], in their order: float32 [m, dim]; only row groups with them are read."""
        vectors = np.empty((len(clip_ids), self._dim), np.float32)
        behind = [shard.next_id for shard in self._columns.shards]
        places = np.searchsorted(behind, clip_ids, side="right")
        for place in np.unique(places):
            entry, here = self._manifest.shards[place], places == place
            found = self._table(entry, ["clip_id"])["clip_id"].to_numpy()
            rows = np.searchsorted(found, clip_ids[here])
            table = self._table(entry, ["clip_id", "vector"], rows)
            vectors[here] = self._picked(entry, table, clip_ids[here])
        return vectors

    def _table(self, entry: FileEntry, columns: list[str], rows: Ids | None = None) -> pa.Table:
        try:
            return self._store.read_table(entry, shard_schema(self._dim), columns, rows=rows)
        except FileNotFoundError as error:
            raise compacted(self._store.folder) from error

    def _picked(self, entry: FileEntry, table: pa.Table, clip_ids: Ids) -> Vectors:
        found = table["clip_id"].to_numpy()
        rows = np.searchsorted(found, clip_ids)
        try:
            if not np.array_equal(found.take(rows, mode="clip"), clip_ids):
                raise ValueError("it has other clips than the view says")
            return unit_vectors(table.take(rows))
        except (ValueError, IndexError) as error:
            raise damaged(self._store.folder, entry.name, str(error)) from error
