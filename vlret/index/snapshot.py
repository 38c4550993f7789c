"""The state of an index at one revision, read whole even while a writer works."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from vlret.index.annotations import read_annotations
from vlret.index.duplicates import JudgedPair, Pair, read_pairs
from vlret.index.manifest import FileEntry, Manifest
from vlret.index.read_whole import read_whole
from vlret.index.row_checks import check_clips, check_skipped
from vlret.index.store import Store, damaged
from vlret.index.tables import (
    CLIPS,
    DROPPED,
    NO_ROOT,
    SKIPPED,
    SkippedRow,
    shard_schema,
    skipped_rows,
)
from vlret.remote_path import path_of
from vlret.types import Ids

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Snapshot:
    """One revision of an index.

    `table` has the live clips in order of clip_id (the columns of a shard without the vector), `dropped` the
    clip_ids that are no longer valid, `skipped` the files that were skipped, `pairs` those files that were compared
    for copies, `annotations` the user's own table of files (`vlret.index.annotations`), None where there is none.
    """

    store: Store
    manifest: Manifest
    table: pa.Table
    dropped: Ids
    skipped: list[SkippedRow]
    pairs: dict[Pair, JudgedPair]
    annotations: pa.Table | None = None

    @classmethod
    def read(cls, store: Store) -> Snapshot:
        """Read the current revision.

        Raises:
            IndexFolderError: the folder holds no index, or a damaged one.
        """
        return read_whole(store, lambda manifest: cls._read(store, manifest))

    @classmethod
    def _read(cls, store: Store, manifest: Manifest) -> Snapshot:
        tables, first_id = [pa.Table.from_batches([], CLIPS)], 0
        for entry in manifest.shards:
            table = read_clips(store, manifest, entry, first_id)
            tables.append(table)
            first_id = table["clip_id"][-1].as_py() + 1 if len(table) else first_id
        live, dropped = pa.concat_tables(tables), np.empty(0, np.int64)
        if manifest.dropped:
            dropped = store.read_table(manifest.dropped, DROPPED)["clip_id"].to_numpy()
            live = live.filter(pa.array(~np.isin(live["clip_id"].to_numpy(), dropped)))
        pairs = read_pairs(store, manifest.duplicates)
        annotations = read_annotations(store, manifest.annotations) if manifest.annotations else None
        return cls(store, manifest, live, dropped, read_skipped(store, manifest), pairs, annotations)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """`table` in pandas."""
        rows: pd.DataFrame = self.table.to_pandas().astype({"width": "Int32", "height": "Int32"})
        return rows

    @cached_property
    def clips(self) -> pd.DataFrame:
        """`rows` with the folder of each root as `root`, the absolute `path`, and `relative_path`."""
        roots = self.rows["root"].map(dict(enumerate(self.manifest.roots)))
        paths = [os.path.join(root, path) for root, path in zip(roots, self.rows["path"], strict=True)]
        return self.rows.assign(root=roots, relative_path=self.rows["path"], path=paths)

    def absolute(self, root: int, path: str) -> Path:
        """The absolute path of a row's file."""
        return absolute_path(self.manifest, root, path)


def absolute_path(manifest: Manifest, root: int, path: str) -> Path:
    """The absolute path of a row's file."""
    return path_of(path) if root == NO_ROOT else path_of(manifest.roots[root]) / path


def read_clips(store: Store, manifest: Manifest, entry: FileEntry, first_id: int) -> pa.Table:
    """The clips of a shard, a table of `CLIPS`; their ids rise from `first_id`.

    Raises:
        FileNotFoundError: it is gone (a later revision may have replaced it).
        IndexFolderError: it is damaged.
    """
    schema = shard_schema(manifest.recipe.card.dim)
    table = store.read_table(entry, schema, CLIPS.names)
    try:
        check_clips(table, len(manifest.roots), first_id, manifest.next_clip_id)
    except ValueError as error:
        raise damaged(store.folder, entry.name, str(error)) from error
    return table


def read_skipped(store: Store, manifest: Manifest) -> list[SkippedRow]:
    """The files that were skipped.

    Raises:
        FileNotFoundError: their table is gone (a later revision may have replaced it).
        IndexFolderError: it is damaged.
    """
    if manifest.skipped is None:
        return []
    table = store.read_table(manifest.skipped, SKIPPED)
    try:
        check_skipped(table, len(manifest.roots))
    except ValueError as error:
        raise damaged(store.folder, manifest.skipped.name, str(error)) from error
    return skipped_rows(table)
