"""What a merge changes in an index: which rows of which shards come in, which clips and skipped files go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vlret.index.encode_shard import ShardMarker
from vlret.index.indexed_files import IndexedFile, by_real_path, indexed_files
from vlret.index.roots import RootNumbers
from vlret.index.sharding.plan import ShardPlan
from vlret.index.sharding.planned_file import PlannedFile, planned_files
from vlret.index.snapshot import Snapshot
from vlret.index.tables import NO_ROOT, FileRow, SkippedRow
from vlret.remote_path import path_of, real_path


@dataclass(frozen=True, slots=True)
class RowsOfPart:
    """So many rows of a shard, which are of this file; `file=None`: they stay out. `is_first`: no part came before."""

    n: int
    file: FileRow | None
    fingerprint: str
    is_first: bool


@dataclass(slots=True)
class Changes:
    """What becomes of the files of a plan in an index.

    `parts` are those of each shard, in the order of its rows; the roots of `numbers`, `dropped` and `skipped` (by
    absolute path) are those of the index afterwards.
    """

    numbers: RootNumbers
    dropped: set[int]
    skipped: dict[Path, SkippedRow]
    parts: list[list[RowsOfPart]]
    added: list[PlannedFile] = field(default_factory=list)
    failed: list[PlannedFile] = field(default_factory=list)
    n_unchanged: int = 0


def changes_of(plan: ShardPlan, markers: Sequence[ShardMarker], snapshot: Snapshot) -> Changes:
    """The changes that bring the files of a plan into the index: as an index run over the same files would."""
    skipped = {snapshot.absolute(row.root, row.path): row for row in snapshot.skipped}
    indexed, doubles = by_real_path(indexed_files(snapshot))
    dropped = {*snapshot.dropped.tolist(), *doubles.tolist()}
    changes = Changes(RootNumbers(snapshot.manifest.roots), dropped, skipped, [[] for _ in plan.shards])
    for skip in plan.skipped:
        changes.skipped[path_of(skip.path)] = SkippedRow(NO_ROOT, skip.path, -1, -1, skip.reason)
    for file, parts in planned_files(plan, markers):
        row = _take(changes, file, indexed.get(real_path(file.absolute)))
        for number, (shard, n_rows) in enumerate(parts):
            changes.parts[shard].append(RowsOfPart(n_rows, row, file.fingerprint, number == 0))
    return changes


def _take(changes: Changes, file: PlannedFile, old: IndexedFile | None) -> FileRow | None:
    """Note what becomes of a file; its row, if its clips come in."""
    if not file.reason:
        changes.skipped.pop(file.absolute, None)
    if old and _is_same(old, file):
        changes.n_unchanged += not file.reason
        changes.failed += [file] if file.reason else []
        return None
    changes.dropped.update(old.ids if old else ())
    root, path = (old.file.root, old.file.path) if old else (changes.numbers.number(file.root), file.path)
    if file.reason:
        changes.failed.append(file)
        changes.skipped[file.absolute] = SkippedRow(root, path, file.size, file.mtime_ns, file.reason)
        return None
    changes.added.append(file)
    return FileRow(root, path, file.size, file.mtime_ns)


def _is_same(old: IndexedFile, file: PlannedFile) -> bool:
    """Whether the index has the file in the state that the workers saw; one that they could not read may be."""
    if file.reason:
        return file.size < 0 or (file.size, file.mtime_ns) == (old.file.size, old.file.mtime_ns)
    return (file.size, file.fingerprint) == (old.file.size, old.fingerprint)
