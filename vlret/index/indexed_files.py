"""The files that an index has clips of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vlret.index.fingerprint import fingerprint
from vlret.index.snapshot import Snapshot
from vlret.index.tables import FileRow
from vlret.remote_path import real_path
from vlret.types import Ids


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file with clips: its path according to the index, its row, fingerprint and clip_ids."""

    path: Path
    file: FileRow
    fingerprint: str
    ids: list[int]

    def is_unchanged(self, path: Path, size: int, mtime_ns: int) -> bool:
        """Whether the file at `path` is this one. Raises OSError."""
        if size != self.file.size:
            return False
        return mtime_ns == self.file.mtime_ns or fingerprint(path) == self.fingerprint


def indexed_files(snapshot: Snapshot) -> list[IndexedFile]:
    """Every file of the index, in order of its first clip_id."""
    files: dict[tuple[int, str], IndexedFile] = {}
    columns = (snapshot.rows[name] for name in ("root", "path", "size", "mtime_ns", "fingerprint", "clip_id"))
    for *values, digest, clip_id in zip(*columns, strict=True):
        row = FileRow(*values)
        place = row.root, row.path
        if place not in files:
            files[place] = IndexedFile(snapshot.absolute(*place), row, digest, [])
        files[place].ids.append(clip_id)
    return list(files.values())


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
