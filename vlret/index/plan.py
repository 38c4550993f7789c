"""What a run has to do: which files are new, changed, unchanged, skipped or gone."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vlret.errors import IndexFolderError
from vlret.index.fingerprint import fingerprint
from vlret.index.snapshot import Snapshot
from vlret.index.tables import NO_ROOT, FileRow, Ids, SkippedRow
from vlret.media.sources import Found, MediaFile


@dataclass(frozen=True, slots=True)
class Todo:
    """A file to encode: where it lies, its row, and the clip_ids that its new rows replace."""

    path: Path
    file: FileRow
    old_ids: Ids


@dataclass(slots=True)
class Plan:
    """The work of one run. `roots` are the index's roots, with new ones at the end."""

    roots: list[str]
    todo: list[Todo] = field(default_factory=list)
    n_unchanged: int = 0
    skipped: dict[Path, SkippedRow] = field(default_factory=dict)

    @property
    def n_found(self) -> int:
        """Files found, each counted once however often it was reached."""
        return len(self.todo) + self.n_unchanged + len(self.skipped)


@dataclass(frozen=True, slots=True)
class _Known:
    file: FileRow
    fingerprint: str
    ids: list[int]

    def is_unchanged(self, path: Path, size: int, mtime_ns: int) -> bool:
        if size != self.file.size:
            return False
        return mtime_ns == self.file.mtime_ns or fingerprint(path) == self.fingerprint


def make_plan(found: Found, snapshot: Snapshot | None) -> Plan:
    """Compare the files found with those of the index (None: there is none yet)."""
    plan = Plan(list(snapshot.manifest.roots) if snapshot else [])
    known = _known_files(snapshot) if snapshot else {}
    failed = _failed_files(snapshot) if snapshot else {}
    seen: set[str] = set()
    for media in found.files:
        path = Path(os.path.abspath(media.path))
        real = os.path.realpath(path)
        if not _is_text(path):
            _pass_over(plan, path, "its name is not UTF-8")
        elif real not in seen:
            seen.add(real)
            _plan_file(plan, media, path, known.get(real), failed.get(real))
    for passed in found.skipped:
        _pass_over(plan, Path(os.path.abspath(passed.path)), passed.reason)
    return plan


def _is_text(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _pass_over(plan: Plan, path: Path, reason: str) -> None:
    readable = Path(os.fsencode(path).decode(errors="replace"))
    plan.skipped[readable] = SkippedRow(NO_ROOT, readable.as_posix(), -1, -1, reason)


def _plan_file(
    plan: Plan, media: MediaFile, path: Path, known: _Known | None, failed: SkippedRow | None
) -> None:
    root, relative = _place(plan.roots, media, path, known.file if known else failed)
    try:
        stat = path.stat()
        unchanged = known is not None and known.is_unchanged(path, stat.st_size, stat.st_mtime_ns)
    except OSError as error:
        plan.skipped[path] = SkippedRow(root, relative, -1, -1, f"cannot be read: {error.strerror}")
        return
    if failed and (failed.size, failed.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
        plan.skipped[path] = failed
    elif unchanged:
        plan.n_unchanged += 1
    else:
        file = FileRow(root, relative, stat.st_size, stat.st_mtime_ns)
        plan.todo.append(Todo(path, file, np.array(known.ids if known else [], np.int64)))


def _place(
    roots: list[str], media: MediaFile, path: Path, before: FileRow | SkippedRow | None
) -> tuple[int, str]:
    """The root and relative path that the index has for the file already, else those of this run."""
    if before and before.root != NO_ROOT:
        return before.root, before.path
    root = os.path.abspath(media.root)
    if root not in roots:
        roots.append(root)
    return roots.index(root), path.relative_to(root).as_posix()


def _known_files(snapshot: Snapshot) -> dict[str, _Known]:
    """The files that have rows, by real path."""
    known: dict[tuple[int, str], _Known] = {}
    columns = (snapshot.rows[name] for name in ("root", "path", "size", "mtime_ns", "fingerprint", "clip_id"))
    for *file, digest, clip_id in zip(*columns, strict=True):
        row = FileRow(*file)
        known.setdefault((row.root, row.path), _Known(row, digest, [])).ids.append(clip_id)
    return {os.path.realpath(snapshot.absolute(*place)): item for place, item in known.items()}


def _failed_files(snapshot: Snapshot) -> dict[str, SkippedRow]:
    return {os.path.realpath(snapshot.absolute(row.root, row.path)): row for row in snapshot.skipped}


def find_vanished(snapshot: Snapshot) -> Ids:
    """The clip_ids of files of the index that exist no more.

    Raises:
        IndexFolderError: nothing of a whole root is there, as with a drive that is not plugged in.
    """
    gone = [np.empty(0, np.int64)]
    for root, folder in enumerate(snapshot.manifest.roots):
        rows = snapshot.rows[snapshot.rows["root"] == root]
        files = rows.groupby("path")["clip_id"].unique()
        missing = [ids for path, ids in files.items() if not snapshot.absolute(root, str(path)).is_file()]
        if missing and len(missing) == len(files):
            raise _nothing_left(snapshot, folder, len(files))
        gone += missing
    return np.concatenate(gone)


def _nothing_left(snapshot: Snapshot, root: str, n_files: int) -> IndexFolderError:
    return IndexFolderError(
        f"Nothing was pruned from {snapshot.store.folder}: none of its {n_files} files in {root} is there.",
        "Plug the drive in, or tell where the folder is now (--moved-from); to forget it, build a new index.",
    )


def stale_skips(snapshot: Snapshot, prune: bool) -> list[SkippedRow]:
    """Skipped rows of files that exist no more: those never opened, and with `prune` all."""
    return [
        row for row in snapshot.skipped
        if (prune or row.size < 0) and not os.path.lexists(snapshot.absolute(row.root, row.path))
    ]  # fmt: skip
