"""The state of an index at one revision, read whole even while a writer works."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from vlret.errors import IndexFolderError
from vlret.index.manifest import Manifest
from vlret.index.store import Store
from vlret.index.tables import (
    CLIP_COLUMNS,
    NO_ROOT,
    Ids,
    SkippedRow,
    shard_schema,
    skipped_rows,
    unit_vectors,
)
from vlret.types import Vectors

_TRIES = 20


@dataclass(frozen=True)
class Snapshot:
    """One revision of an index.

    `rows` are the live clips in order of clip_id (the columns of a shard without the vector), `dropped` the
    clip_ids that are no longer valid, `skipped` the files that were passed over.
    """

    store: Store
    manifest: Manifest
    rows: pd.DataFrame
    dropped: Ids
    skipped: list[SkippedRow]

    @classmethod
    def read(cls, store: Store) -> Snapshot:
        """Read the current revision.

        Raises:
            IndexFolderError: the folder holds no index, or a damaged one.
        """
        manifest = store.read_manifest()
        for _ in range(_TRIES):
            try:
                return cls._read(store, manifest)
            except FileNotFoundError as error:
                # A writer commits a new manifest before it deletes what the old one named.
                before, manifest = manifest, store.read_manifest()
                if manifest.revision == before.revision:
                    raise IndexFolderError(
                        f"{error.filename or error} of the index {store.folder} is missing.",
                        "Restore it from a copy, or delete the index and build it again.",
                    ) from error
        raise IndexFolderError(f"The index {store.folder} changes faster than it can be read.", "Try again.")

    @classmethod
    def _read(cls, store: Store, manifest: Manifest) -> Snapshot:
        empty = shard_schema(1).remove(len(CLIP_COLUMNS)).empty_table()
        tables = [store.read_table(entry, CLIP_COLUMNS) for entry in manifest.shards]
        rows = pa.concat_tables([empty, *tables]).to_pandas()
        dropped = (
            store.read_table(manifest.dropped)["clip_id"].to_numpy()
            if manifest.dropped
            else np.empty(0, np.int64)
        )
        skipped = skipped_rows(store.read_table(manifest.skipped)) if manifest.skipped else []
        live = rows[~np.isin(rows["clip_id"].to_numpy(), dropped)].reset_index(drop=True)
        return cls(store, manifest, live, dropped, skipped)

    @cached_property
    def vectors(self) -> Vectors:
        """The vectors of the live rows, float32 [n, dim], unit length.

        Raises:
            IndexFolderError: `compact` has rewritten the shards since this revision was read.
        """
        try:
            tables = [self.store.read_table(entry, ["clip_id", "vector"]) for entry in self.manifest.shards]
        except FileNotFoundError as error:
            raise IndexFolderError(
                f"The index {self.store.folder} was compacted after it had been opened.", "Open it again."
            ) from error
        if not tables:
            return np.empty((0, self.manifest.recipe.card.dim), np.float32)
        table = pa.concat_tables(tables)
        live = ~np.isin(table["clip_id"].to_numpy(), self.dropped)
        return unit_vectors(table.filter(pa.array(live)))

    def absolute(self, root: int, path: str) -> Path:
        """Where a row's file lies."""
        return Path(path) if root == NO_ROOT else Path(self.manifest.roots[root]) / path
