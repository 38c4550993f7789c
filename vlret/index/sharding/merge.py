"""The shards of a plan to an index: the one that a single run over the same files would have made."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from vlret.index.columns_view import open_columns
from vlret.index.compact import joined_tables
from vlret.index.encode_shard import ShardMarker
from vlret.index.lock import writer_lock
from vlret.index.manifest import FileEntry, IndexRecipe, Manifest
from vlret.index.merge_shards import MERGE_AT
from vlret.index.report import BuildReport
from vlret.index.row_checks import check_clips
from vlret.index.sharding.changes import Changes, RowsOfPart, changes_of
from vlret.index.sharding.plan import ShardPlan
from vlret.index.sharding.read_shards import damaged_shard, read_markers, read_rows
from vlret.index.snapshot import Snapshot
from vlret.index.start import require_own_folder
from vlret.index.store import Store
from vlret.index.tables import dropped_table, shard_schema, skipped_table
from vlret.index.view.open import open_view
from vlret.index.writer import SHARD_CLIPS
from vlret.remote_path import path_of
from vlret.types import SkippedFile, as_path


def merge_shards(plan: ShardPlan, shards: str | Path, out: str | Path, progress: bool = True) -> BuildReport:
    """Bring the shards of a plan, in the directory `shards`, into the index folder `out`, in one commit.

    In an existing index of the same recipe, files that it has in the same state stay as they are, changed ones are
    replaced, others are added: repeating a merge changes nothing. The parts of a file that was cut become one file.
    One shard is in memory at a time. A kill at any moment leaves the index as it was, or whole.

    Raises:
        IndexFolderError: shards are missing, damaged or of another plan; the index has another recipe, is damaged or
            locked.
        OutputError: `out` cannot be written.
    """
    started_s = time.monotonic()
    folder = as_path(shards, "The directory of the shards")
    store = Store(as_path(out, "The folder of the index"))
    require_own_folder(store)
    markers = read_markers(plan, folder)
    with writer_lock(store.folder):
        snapshot = _begun(store, plan.recipe)
        merge = _Merge(plan, folder, markers, snapshot, changes_of(plan, markers, snapshot))
        manifest = merge.commit(progress)
        open_view(store, manifest, open_columns(store, manifest), progress)
    return merge.report(time.monotonic() - started_s)


def _begun(store: Store, recipe: IndexRecipe) -> Snapshot:
    """The index, an empty one where there is none; one that never had a clip takes the recipe of the plan."""
    manifest = store.read_manifest() if store.exists else Manifest.start(recipe)
    if manifest.next_clip_id:
        manifest.recipe.require_card(store.folder, recipe.card)
        names = ("query", "dtype", "clips", "n_frames", "sampling", "decoder")
        manifest.recipe.require(store.folder, **{name: getattr(recipe, name) for name in names})
    elif not store.exists or manifest.recipe != recipe:
        manifest = manifest.next(recipe=recipe, skipped=None)
        store.commit(manifest)
    store.sweep(manifest)
    return Snapshot.read(store)


class _Merge:
    """One merge, under the lock of the index."""

    def __init__(
        self,
        plan: ShardPlan,
        folder: Path,
        markers: Sequence[ShardMarker],
        before: Snapshot,
        changes: Changes,
    ) -> None:
        self._plan, self._folder, self._markers = plan, folder, markers
        self._before, self._changes = before, changes
        self._next_clip_id = before.manifest.next_clip_id
        self._hours = 0.0

    def commit(self, progress: bool) -> Manifest:
        """Write what has changed and make it the index's next revision."""
        before, store = self._before.manifest, self._before.store
        shards, number = [*before.shards], before.next_shard
        for table in joined_tables(self._tables(progress), MERGE_AT * SHARD_CLIPS):
            entry, number = store.write_table("shards", number, table, before.id)
            shards.append(entry)
        after = replace(
            before, shards=tuple(shards), next_shard=number, next_clip_id=self._next_clip_id,
            roots=tuple(self._changes.numbers.roots), exclude=self._plan.exclude or before.exclude, **self._lists(),
        )  # fmt: skip
        if after != before:
            after = after.next()
            store.replace(before, after)
        return after

    def _tables(self, progress: bool) -> Iterator[pa.Table]:
        """The rows of each shard as the index has them."""
        for number in tqdm(
            range(len(self._markers)), "merging", unit="shard", disable=None if progress else True
        ):
            table = read_rows(self._plan, self._folder, number, self._markers[number])
            parts = self._changes.parts[number]
            self._hours += _hours(table, parts)
            rows = _index_rows(table, parts, self._next_clip_id)
            try:
                check_clips(
                    rows, len(self._changes.numbers.roots), self._next_clip_id, self._next_clip_id + len(rows)
                )
            except ValueError as error:
                raise damaged_shard(self._plan, self._folder, number, str(error)) from error
            self._next_clip_id += len(rows)
            yield rows

    def _lists(self) -> dict[str, Any]:
        before, store, changes = self._before.manifest, self._before.store, self._changes
        found: dict[str, FileEntry] = {}
        if changes.dropped != {*self._before.dropped.tolist()}:
            ids = np.array(sorted(changes.dropped), np.int64)
            found["dropped"], _ = store.write_table(
                "dropped", before.revision + 1, dropped_table(ids), before.id
            )
        skipped = list(changes.skipped.values())
        if skipped != self._before.skipped:
            table = skipped_table(skipped)
            found["skipped"], _ = store.write_table("skipped", before.revision + 1, table, before.id)
        return found

    def report(self, wall_s: float) -> BuildReport:
        """What the merge did; `hours` are the length of the files that came in."""
        changes, plan = self._changes, self._plan
        skipped = [SkippedFile(path_of(skip.path), skip.reason) for skip in plan.skipped]
        skipped += [SkippedFile(file.absolute, file.reason) for file in changes.failed]
        return BuildReport(
            index=self._before.store.folder, found=len(changes.added) + changes.n_unchanged + len(skipped),
            new=len(changes.added), unchanged=changes.n_unchanged, skipped=tuple(skipped),
            partial=tuple(SkippedFile(file.absolute, file.warning) for file in changes.added if file.warning),
            dropped=len(changes.dropped) - len(self._before.dropped),
            clips=self._next_clip_id - self._before.manifest.next_clip_id, hours=self._hours, wall_s=wall_s,
        )  # fmt: skip


def _hours(table: pa.Table, parts: Sequence[RowsOfPart]) -> float:
    """The length of the files that begin in this shard and come into the index."""
    seconds = table["duration_s"].fill_null(0.0).to_numpy()
    firsts = np.cumsum([0, *(part.n for part in parts)])[:-1]
    chosen = [
        first for first, part in zip(firsts, parts, strict=True) if part.file and part.is_first and part.n
    ]
    return float(seconds[chosen].sum()) / 3600


def _index_rows(table: pa.Table, parts: Sequence[RowsOfPart], first_id: int) -> pa.Table:
    """The rows of a shard that come into the index, with their ids and places there."""
    is_kept = [part.file is not None for part in parts for _ in range(part.n)]
    table = table.filter(pa.array(is_kept, pa.bool_()))
    rows = [(part.file, part.fingerprint) for part in parts if part.file for _ in range(part.n)]
    values = {
        "clip_id": np.arange(first_id, first_id + len(rows)),
        "root": [file.root for file, _ in rows], "path": [file.path for file, _ in rows],
        "fingerprint": [digest for _, digest in rows],
        "size": [file.size for file, _ in rows], "mtime_ns": [file.mtime_ns for file, _ in rows],
    }  # fmt: skip
    schema = shard_schema(table.schema.field("vector").type.list_size)
    columns = [
        pa.array(values[field.name], field.type) if field.name in values else table[field.name]
        for field in schema
    ]
    return pa.table(columns, schema=schema)
