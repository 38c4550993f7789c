"""Adds rows to an index: shards grow in memory and are committed whole."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from vlret.errors import IndexFolderError
from vlret.index.manifest import FileEntry, IndexRecipe, Manifest
from vlret.index.merge_shards import n_to_merge
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.tables import (
    NO_ROOT,
    FileClips,
    FileRow,
    SkippedRow,
    clip_table,
    dropped_table,
    moved_table,
    shard_schema,
    skipped_table,
)
from vlret.media.info import MediaInfo
from vlret.remote_path import path_of
from vlret.types import Clip, Ids, Vectors

SHARD_CLIPS = 2048
COMMIT_S = 60.0


class IndexWriter:
    """Collects what a run adds, skips and drops; `commit` makes all of it visible at once.

    Needs the folder's lock. A commit follows when the shard in hand has `SHARD_CLIPS` rows or the last one
    is `COMMIT_S` seconds ago, so that a kill loses no more than that. Small shards at the end are written anew as one
    with it (`vlret.index.merge_shards`).
    """

    def __init__(self, snapshot: Snapshot, roots: Sequence[str]) -> None:
        self._store: Store = snapshot.store
        self._manifest: Manifest = snapshot.manifest
        self._roots = tuple(roots)
        self._next_clip_id = snapshot.manifest.next_clip_id
        self._tables: list[pa.Table] = []
        self._files: list[FileClips] = []  # that come after the tables
        self._n_rows = 0
        self._dropped = set(snapshot.dropped.tolist())
        self._n_dropped_before = len(self._dropped)
        self._skipped = {self._place(row): row for row in snapshot.skipped}
        self._committed = (set(self._dropped), dict(self._skipped))
        self._last_commit_s = time.monotonic()

    @property
    def recipe(self) -> IndexRecipe:
        """The recipe of the index."""
        return self._manifest.recipe

    @property
    def n_dropped(self) -> int:
        """Clips dropped so far, committed or not."""
        return len(self._dropped) - self._n_dropped_before

    def add(
        self,
        file: FileRow,
        fingerprint: str,
        clips: Sequence[Clip],
        vectors: Vectors,
        old_ids: Ids,
        info: MediaInfo | None = None,
    ) -> None:
        """Add the clips of a whole file with their vectors float32 [n, dim]; `old_ids` are dropped."""
        self._files.append(FileClips(file, fingerprint, self._next_clip_id, clips, vectors, info))
        self._n_rows += len(clips)
        self._next_clip_id += len(clips)
        self._skipped.pop(self._place(file), None)
        self.drop(old_ids)

    def move(self, file: FileRow, rows: pa.Table, old_ids: Ids) -> None:
        """Add the clips of a moved file with their vectors unchanged; drop `old_ids`."""
        self._close_files()
        self._tables.append(moved_table(rows, file, self._next_clip_id))
        self._n_rows += rows.num_rows
        self._next_clip_id += rows.num_rows
        self._skipped.pop(self._place(file), None)
        self.drop(old_ids)

    def skip(self, row: SkippedRow, old_ids: Iterable[int] = ()) -> None:
        """Record a skipped file; its former rows (`old_ids`) are dropped."""
        self._skipped[self._place(row)] = row
        self.drop(old_ids)

    def forget(self, row: SkippedRow) -> None:
        """Remove a row from the skipped files."""
        self._skipped.pop(self._place(row), None)

    def drop(self, clip_ids: Iterable[int]) -> None:
        """Mark clips as no longer valid."""
        self._dropped.update(map(int, clip_ids))

    def _place(self, row: FileRow | SkippedRow) -> Path:
        return path_of(row.path) if row.root == NO_ROOT else path_of(self._roots[row.root]) / row.path

    def commit_if_due(self) -> None:
        """Commit when the shard in hand is full or old enough."""
        if self._n_rows >= SHARD_CLIPS or time.monotonic() - self._last_commit_s >= COMMIT_S:
            self.commit()

    def commit(self) -> None:
        """Write what has changed and make it the index's next revision."""
        before = self._manifest
        changes = {**self._write_shard(), **self._write_lists()}
        if changes or self._roots != before.roots:
            after = before.next(roots=self._roots, **changes)
            self._store.commit(after)
            self._manifest = after
            self._tables, self._n_rows = [], 0
            self._committed = (set(self._dropped), dict(self._skipped))
            self._store.remove(set(before.files) - set(after.files))
        self._last_commit_s = time.monotonic()

    def _close_files(self) -> None:
        if self._files:
            self._tables.append(clip_table(self._files))
            self._files = []

    def _write_shard(self) -> dict[str, object]:
        self._close_files()
        if not self._tables:
            return {}
        before = self._manifest
        shards, table = self._joined(pa.concat_tables(self._tables))
        entry, number = self._write("shards", before.next_shard, table)
        return {
            "shards": (*shards, entry),
            "next_shard": number,
            "next_clip_id": self._next_clip_id,
        }

    def _joined(self, table: pa.Table) -> tuple[tuple[FileEntry, ...], pa.Table]:
        """The shards that stay, and the next one: the rows of `table` behind those of small shards that are due."""
        shards, schema = self._manifest.shards, shard_schema(self.recipe.card.dim)
        n_old = n_to_merge([*(entry.rows for entry in shards), table.num_rows], SHARD_CLIPS) - 1
        stay = len(shards) - max(n_old, 0)
        try:
            small = [self._store.read_table(entry, schema) for entry in shards[stay:]]
        except (FileNotFoundError, IndexFolderError):  # damaged: no reason to lose what was encoded
            return shards, table
        return shards[:stay], pa.concat_tables([*small, table])

    def _write_lists(self) -> dict[str, object]:
        dropped, skipped = self._committed
        revision = self._manifest.revision + 1
        changes: dict[str, object] = {}
        if self._dropped != dropped:
            ids = np.array(sorted(self._dropped), np.int64)
            changes["dropped"], _ = self._write("dropped", revision, dropped_table(ids))
        if self._skipped != skipped:
            table = skipped_table(self._skipped.values())
            changes["skipped"], _ = self._write("skipped", revision, table)
        return changes

    def _write(self, form: str, number: int, table: pa.Table) -> tuple[FileEntry, int]:
        return self._store.write_table(form, number, table, self._manifest.id)
