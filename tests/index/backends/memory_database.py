"""A database in dictionaries: the reference of the contract, and one whose calls tests may stop."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vlret.errors import DatabaseError
from vlret.index.backends.base import BackendInfo, check_unit
from vlret.index.backends.rows import rows_of, vectors_of


@dataclass
class MemoryDatabase:
    """The reference: rows and files in dictionaries."""

    dim: int
    address: str = "memory:"
    effort: int = 0
    recall_at_10: float = 1.0
    efforts = (1, 2)
    rows: dict[int, np.ndarray] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, ids, vectors):
        self.write(rows_of(ids, vectors, self.dim))

    def write(self, rows):
        self.rows |= dict(zip(rows["clip_id"].to_pylist(), vectors_of(rows, self.dim), strict=True))

    def remove(self, ids):
        for clip_id in ids.tolist():
            self.rows.pop(clip_id, None)

    def search(self, query, k, only=None, exact=False):
        check_unit(query[None], self.dim)
        kept = sorted(self.rows if only is None else self.rows.keys() & set(only.tolist()))
        if self.effort == 1 and not exact:
            kept = kept[::2]
        ids, scores = np.array(kept, np.int64), np.array([self.rows[i] @ query for i in kept], np.float32)
        order = np.lexsort((ids, -scores))[:k]
        return scores[order], ids[order]

    def info(self):
        return BackendInfo("memory", len(self.rows), self.effort == 0, self.recall_at_10)

    def vectors(self, ids):
        if not self.rows.keys() >= set(ids.tolist()):
            raise DatabaseError("Clips are missing.", "Push again.", code="clips_missing")
        return np.array([self.rows[i] for i in ids.tolist()], np.float32).reshape(-1, self.dim)

    def ids(self):
        return np.array(sorted(self.rows), np.int64)

    def optimize(self, approximate):
        pass

    def file_names(self):
        return set(self.files)

    def read_files(self, names):
        return {name: self.files[name] for name in names if name in self.files}

    def write_files(self, files):
        self.files |= files

    def remove_files(self, names):
        for name in names:
            self.files.pop(name, None)

    def close(self):
        pass
