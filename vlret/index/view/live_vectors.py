"""The vectors of an index's live clips, read a shard at a time: the memory does not grow with the index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from vlret.index.backends.vector_files import is_vector_file, vector_file, write_vectors
from vlret.index.manifest import FileEntry, Manifest
from vlret.index.store import Store, compacted, damaged
from vlret.index.tables import shard_schema, unit_vectors
from vlret.types import Ids, Vectors


@dataclass(frozen=True)
class LiveVectors:
    """What the shards of one revision hold of the clips `clip_ids`, int64 [n], ascending.

    Each method raises `IndexFolderError` where a shard is damaged, or a later revision has replaced it.
    """

    store: Store
    manifest: Manifest
    clip_ids: Ids

    @property
    def dim(self) -> int:
        """Numbers a vector."""
        return self.manifest.recipe.card.dim

    def read(self, shards: Iterable[FileEntry]) -> Iterator[tuple[Ids, Vectors]]:
        """The ids, int64 [m], and unit vectors, float32 [m, dim], of each of `shards`."""
        for entry in shards:
            table = self._live(entry, ["clip_id", "vector"])
            try:
                yield table["clip_id"].to_numpy(), unit_vectors(table)
            except ValueError as error:
                raise damaged(self.store.folder, entry.name, str(error)) from error

    def ids_in(self, shards: Iterable[FileEntry]) -> Ids:
        """The ids of the live clips in `shards`."""
        found = [self._live(entry, ["clip_id"])["clip_id"].to_numpy() for entry in shards]
        return np.concatenate([np.empty(0, np.int64), *found])

    def pick(self, ids: Ids) -> Vectors:
        """The vectors of some live clips, float32 [m, dim]; `ids` ascend."""
        picked = np.empty((len(ids), self.dim), np.float32)
        for found, vectors in self.read(self.manifest.shards):
            wanted = is_in(found, ids)
            picked[np.searchsorted(ids, found[wanted])] = vectors[wanted]
        return picked

    def write_files(self, folder: Path) -> None:
        """Write the files of `VectorFiles` that are not in `folder` yet.

        Raises:
            OutputError: they cannot be written.
        """
        for entry in self.manifest.shards:
            path = folder / vector_file(entry)
            if not is_vector_file(path, entry.rows, self.dim):
                write_vectors(path, self._table(entry, ["clip_id", "vector"]))

    def _live(self, entry: FileEntry, columns: list[str]) -> pa.Table:
        table = self._table(entry, columns)
        return table.filter(pa.array(is_in(table["clip_id"].to_numpy(), self.clip_ids)))

    def _table(self, entry: FileEntry, columns: list[str]) -> pa.Table:
        try:
            return self.store.read_table(entry, shard_schema(self.dim), columns)
        except FileNotFoundError as error:
            raise compacted(self.store.folder) from error


def is_in(ids: Ids, ascending: Ids) -> np.ndarray:
    """Which of `ids` are among `ascending`, bool [n]: a sort of millions would cost more."""
    if not len(ascending):
        return np.zeros(len(ids), bool)
    places = np.searchsorted(ascending, ids).clip(max=len(ascending) - 1)
    found: np.ndarray = ascending[places] == ids
    return found
