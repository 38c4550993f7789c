"""The plan of a run: which files are new, changed, unchanged, moved, skipped or gone."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vlret.index.fingerprint import file_state
from vlret.index.gone import is_gone_from
from vlret.index.indexed_files import IndexedFile, by_real_path, indexed_files
from vlret.index.move import Moved, MoveFinder
from vlret.index.roots import RootNumbers
from vlret.index.snapshot import Snapshot
from vlret.index.tables import NO_ROOT, FileRow, SkippedRow
from vlret.media.sources import Found, MediaFile
from vlret.remote_path import RemotePath, path_of, real_path
from vlret.text import is_utf8_text
from vlret.types import Ids


@dataclass(frozen=True, slots=True)
class Todo:
    """A file to encode: its path, its row, and the clip_ids that its new rows replace."""

    path: Path
    file: FileRow
    old_ids: Ids


@dataclass(slots=True)
class Plan:
    """The work of one run.

    `numbers` are those of the index's roots, with new ones at the end; `moved` files count as unchanged, too; `doubles`
    are the clip_ids of files that the index has twice.
    """

    numbers: RootNumbers = field(default_factory=RootNumbers)
    todo: list[Todo] = field(default_factory=list)
    n_unchanged: int = 0
    moved: list[Moved] = field(default_factory=list)
    doubles: Ids = field(default_factory=lambda: np.empty(0, np.int64))
    skipped: dict[Path, SkippedRow] = field(default_factory=dict)

    @property
    def roots(self) -> tuple[str, ...]:
        """The index's roots after the run."""
        return tuple(self.numbers.roots)

    @property
    def n_found(self) -> int:
        """Files found, each counted once however often it was reached."""
        return len(self.todo) + self.n_unchanged + len(self.skipped)


def make_plan(found: Found, snapshot: Snapshot | None) -> Plan:
    """Compare the files found with those of the index (None: there is none yet)."""
    plan = Plan(RootNumbers(snapshot.manifest.roots)) if snapshot else Plan()
    files = indexed_files(snapshot) if snapshot else []
    indexed, plan.doubles = by_real_path(files)
    failed = _failed_files(snapshot) if snapshot else {}
    moves = MoveFinder(list(indexed.values()), found.listed)
    seen: set[str] = set()
    for media in found.files:
        try:
            real = real_path(media.path)
            if not is_utf8_text(str(media.path)):
                _skip(plan, media.path, "its name is not UTF-8")
            elif real not in seen:
                seen.add(real)
                _plan_file(plan, media, indexed.get(real), failed.get(real), moves)
        except OSError as error:
            _skip(plan, media.path, f"cannot be read: {error.strerror}")
    for passed in found.skipped:
        _skip(plan, passed.path, passed.reason)
    return plan


def _skip(plan: Plan, path: Path, reason: str) -> None:
    plan.skipped[path] = SkippedRow(NO_ROOT, readable(path).as_posix(), -1, -1, reason)


def readable(path: Path) -> Path:
    """The path as text that can be stored and printed: bytes that are not UTF-8 are replaced."""
    return path_of(os.fsencode(path).decode(errors="replace"))


def _plan_file(
    plan: Plan, media: MediaFile, indexed: IndexedFile | None, failed: SkippedRow | None, moves: MoveFinder
) -> None:
    path = media.path
    size, mtime_ns = media.state or file_state(path)
    root, relative = _place(plan.numbers, media, indexed.file if indexed else failed)
    file = FileRow(root, relative, size, mtime_ns)
    ids = indexed.ids if indexed else []
    if failed and (failed.size, failed.mtime_ns) == (size, mtime_ns):
        plan.skipped[path] = failed
    elif indexed and indexed.is_unchanged(path, size, mtime_ns):
        plan.n_unchanged += 1
    elif before := moves.find(path, size):
        plan.n_unchanged += 1
        plan.moved.append(Moved(file, before.ids, ids))
    else:
        plan.todo.append(Todo(path, file, np.array(ids, np.int64)))


def _place(numbers: RootNumbers, media: MediaFile, before: FileRow | SkippedRow | None) -> tuple[int, str]:
    """The root and relative path that the index has for the file already, else those of this run."""
    if before and before.root != NO_ROOT:
        return before.root, before.path
    root = str(media.root)
    return numbers.number(root), media.path.relative_to(root).as_posix()


def _failed_files(snapshot: Snapshot) -> dict[str, SkippedRow]:
    return {real_path(snapshot.absolute(row.root, row.path)): row for row in snapshot.skipped}


def stale_skips(snapshot: Snapshot, found: Found, prune: bool) -> list[SkippedRow]:
    """Skipped rows of the files found, and of files that exist no more: those never opened, or all (`prune`)."""
    paths = {media.path for media in found.files}
    places = [(row, snapshot.absolute(row.root, row.path)) for row in snapshot.skipped]
    return [
        row for row, path in places
        if path in paths or ((prune or row.size < 0) and _is_gone(path, found))
    ]  # fmt: skip


def _is_gone(path: Path, found: Found) -> bool:
    return is_gone_from(path, found.listed) if isinstance(path, RemotePath) else not os.path.lexists(path)
