"""The files that an index has clips of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vlret.index.fingerprint import fingerprint
from vlret.index.snapshot import Snapshot
from vlret.index.tables import FileRow
from vlret.index.unique_files import unique_files
from vlret.remote_path import real_path
from vlret.types import Ids


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file with clips: its path according to the index, its row, fingerprint and clip_ids, int64 [n], ascending."""

    path: Path
    file: FileRow
    fingerprint: str
    clip_ids: Ids

    @property
    def ids(self) -> list[int]:
        """`clip_ids` as integers."""
        ids: list[int] = self.clip_ids.tolist()
        return ids

    def is_unchanged(self, path: Path, size: int, mtime_ns: int) -> bool:
        """Whether the file at `path` is this one. Raises OSError."""
        if size != self.file.size:
            return False
        return mtime_ns == self.file.mtime_ns or fingerprint(path) == self.fingerprint


def indexed_files(snapshot: Snapshot) -> list[IndexedFile]:
    """Every file of the index, in order of its first clip_id."""
    clips = snapshot.table
    files, numbers = unique_files(clips)
    ids = clips["clip_id"].to_numpy()[np.argsort(numbers, kind="stable")]
    parts = np.split(ids, np.bincount(numbers, minlength=len(files)).cumsum())
    columns = (files[name].to_pylist() for name in ("root", "path", "size", "mtime_ns", "fingerprint"))
    return [
        IndexedFile(snapshot.absolute(row.root, row.path), row, digest, own)
        for (*values, digest), own in zip(zip(*columns, strict=True), parts, strict=False)
        if (row := FileRow(*values))
    ]


def by_real_path(files: list[IndexedFile]) -> tuple[dict[str, IndexedFile], Ids]:
    """The files by real path, and the clip_ids of those that the index has twice: the later ones count."""
    found: dict[str, IndexedFile] = {}
    doubles: list[int] = []
    for file in files:
        real = real_path(file.path)
        if real in found:
            doubles += found[real].ids
        found[real] = file
    return found, np.array(doubles, np.int64)
