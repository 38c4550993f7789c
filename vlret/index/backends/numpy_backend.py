"""The reference back end: every cosine is computed and sorted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from vlret.index.backends.base import COLUMNS, BackendInfo, Scores, check_unit
from vlret.index.filter import Filter
from vlret.index.tables import Ids
from vlret.types import Vectors


class NumpyBackend:
    """Vectors [n, dim] in memory."""

    def __init__(self, dim: int) -> None:
        self._rows = pd.DataFrame({name: [] for name in COLUMNS}).astype({"clip_id": np.int64})
        self._vectors = np.empty((0, dim), np.float32)

    def add(self, rows: pd.DataFrame, vectors: Vectors) -> None:
        """Add clips; see `SearchBackend`."""
        check_unit(vectors, self._vectors.shape[1])
        self._rows = pd.concat([self._rows, rows[COLUMNS]], ignore_index=True)
        self._vectors = np.concatenate([self._vectors, vectors])

    def remove(self, ids: Ids) -> None:
        """Remove clips."""
        kept = ~np.isin(self._rows["clip_id"].to_numpy(), ids)
        self._rows, self._vectors = self._rows[kept].reset_index(drop=True), self._vectors[kept]

    def search(
        self, query: Vectors, k: int, only: Filter | None = None, exact: bool = False
    ) -> tuple[Scores, Ids]:
        """Cosines and clip_ids of the nearest clips, ties by clip_id; every search is exact."""
        check_unit(query[None], self._vectors.shape[1])
        kept = np.arange(len(self._rows)) if only is None else np.flatnonzero(only.mask(self._rows))
        scores, ids = self._vectors[kept] @ query, self._rows["clip_id"].to_numpy()[kept]
        order = np.lexsort((ids, -scores))[:k]
        return scores[order], ids[order]

    def info(self) -> BackendInfo:
        """How many vectors it holds."""
        return BackendInfo("numpy", len(self._rows), is_exact=True, recall_at_10=1.0)
