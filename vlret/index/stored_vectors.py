"""The vectors of the clips of an index, read from its shards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from vlret.index.clip_columns import ClipColumns
from vlret.index.manifest import FileEntry, Manifest
from vlret.index.store import Store, compacted, damaged
from vlret.index.tables import shard_schema, unit_vectors
from vlret.types import Ids, Vectors


class StoredVectors:
    """The vectors of the live clips of one revision, unit length; a shard at a time is in memory.

    Each method that reads raises `IndexFolderError` where a shard is damaged, or a later revision has replaced it.

    Attributes:
        clip_ids: the live clips, int64 [n], ascending.
        dim: numbers a vector.
    """

    def __init__(self, store: Store, manifest: Manifest, columns: ClipColumns) -> None:
        self.store, self.manifest, self._columns = store, manifest, columns
        self.clip_ids, self.dim = columns.clip_ids, manifest.recipe.card.dim
        parts = np.split(columns.clip_ids, np.cumsum([shard.live for shard in columns.shards])[:-1])
        self._ids = {entry.name: ids for entry, ids in zip(manifest.shards, parts, strict=False)}

    def ids_in(self, shards: Iterable[FileEntry]) -> Ids:
        """The ids of the live clips in `shards`."""
        return np.concatenate([np.empty(0, np.int64), *(self._ids[entry.name] for entry in shards)])

    def read(self, shards: Iterable[FileEntry]) -> Iterator[tuple[Ids, Vectors]]:
        """The ids, int64 [m], and vectors, float32 [m, dim], of the live clips of each of `shards`."""
        for entry in shards:
            ids = self._ids[entry.name]
            yield ids, self._picked(entry, self.table(entry), ids)

    def all(self) -> Vectors:
        """All of them, float32 [n, dim], in order of clip_id."""
        vectors, n_done = np.empty((len(self.clip_ids), self.dim), np.float32), 0
        for ids, part in self.read(self.manifest.shards):
            vectors[n_done : n_done + len(ids)] = part
            n_done += len(ids)
        return vectors

    def of(self, clip_ids: Ids) -> Vectors:
        """Those of some clips, int64 [m], in their order: float32 [m, dim]; only row groups with them are read."""
        vectors = np.empty((len(clip_ids), self.dim), np.float32)
        behind = [shard.next_id for shard in self._columns.shards]
        places = np.searchsorted(behind, clip_ids, side="right")
        for place in np.unique(places):
            entry, here = self.manifest.shards[place], places == place
            rows = np.searchsorted(self.table(entry, ["clip_id"])["clip_id"].to_numpy(), clip_ids[here])
            vectors[here] = self._picked(entry, self.table(entry, rows=rows), clip_ids[here])
        return vectors

    def table(
        self, entry: FileEntry, columns: Iterable[str] = ("clip_id", "vector"), rows: Ids | None = None
    ) -> pa.Table:
        """Columns of a shard, live clips and others; of `rows` only the row groups that hold them."""
        try:
            return self.store.read_table(entry, shard_schema(self.dim), list(columns), rows=rows)
        except FileNotFoundError as error:
            raise compacted(self.store.folder) from error

    def _picked(self, entry: FileEntry, table: pa.Table, clip_ids: Ids) -> Vectors:
        found = table["clip_id"].to_numpy()
        try:
            if not np.array_equal(found, clip_ids):
                rows = np.searchsorted(found, clip_ids)
                if not np.array_equal(found.take(rows, mode="clip"), clip_ids):
                    raise ValueError("it has other clips than the view says")
                table = table.take(rows)
            return unit_vectors(table)
        except (ValueError, IndexError) as error:
            raise damaged(self.store.folder, entry.name, str(error)) from error
