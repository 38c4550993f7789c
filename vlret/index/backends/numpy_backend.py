"""The reference back end: every cosine is computed and sorted."""

from __future__ import annotations

import numpy as np

from vlret.index.backends.base import BackendInfo, Scores, check_unit
from vlret.types import Ids, Vectors


class NumpyBackend:
    """Vectors [n, dim] in memory."""

    def __init__(self, dim: int) -> None:
        self._ids = np.empty(0, np.int64)
        self._vectors = np.empty((0, dim), np.float32)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add clips; see `SearchBackend`."""
        check_unit(vectors, self._vectors.shape[1])
        self._ids = np.concatenate([self._ids, ids])
        self._vectors = np.concatenate([self._vectors, vectors])

    def remove(self, ids: Ids) -> None:
        """Remove clips."""
        kept = ~np.isin(self._ids, ids)
        self._ids, self._vectors = self._ids[kept], self._vectors[kept]

    def search(
        self, query: Vectors, k: int, only: Ids | None = None, exact: bool = False
    ) -> tuple[Scores, Ids]:
        """Cosines and clip_ids of the nearest clips, ties by clip_id; every search is exact."""
        check_unit(query[None], self._vectors.shape[1])
        kept = slice(None) if only is None else np.isin(self._ids, only)
        scores, ids = self._vectors[kept] @ query, self._ids[kept]
        order = np.lexsort((ids, -scores))[:k]
        return scores[order], ids[order]

    def info(self) -> BackendInfo:
        """How many vectors it holds."""
        return BackendInfo("numpy", len(self._ids), is_exact=True, recall_at_10=1.0)
