"""The default back end: a FAISS index in memory whose ids are clip_ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from vlret.index.backends.base import COLUMNS, BackendInfo, Scores, check_unit
from vlret.index.backends.faiss_file import EXACT
from vlret.index.filter import Filter
from vlret.index.tables import Ids
from vlret.types import Vectors


@dataclass(slots=True)
class FaissBackend:
    """A FAISS index of inner products, and the columns of its clips that a `Filter` speaks of.

    Attributes:
        index: a trained `faiss.Index` that takes ids.
        rows: `COLUMNS` of its clips.
        kind: FAISS's factory string.
        nprobe: lists that a search looks into; 0: the index has no lists and is exact.
        recall_at_10: as measured at this nprobe.
    """

    index: Any
    rows: pd.DataFrame
    kind: str = EXACT
    nprobe: int = 0
    recall_at_10: float = 1.0
    _allowed: tuple[Filter, Ids] | None = field(default=None, init=False)

    @classmethod
    def exact(cls, dim: int) -> FaissBackend:
        """An empty back end that compares with every vector."""
        import faiss

        rows = pd.DataFrame({name: [] for name in COLUMNS}).astype({"clip_id": np.int64})
        return cls(faiss.IndexIDMap(faiss.IndexFlatIP(dim)), rows)

    def add(self, rows: pd.DataFrame, vectors: Vectors) -> None:
        """Add clips; see `SearchBackend`. The lists of an IVF index stay as they were trained."""
        check_unit(vectors, self.index.d)
        self.index.add_with_ids(vectors, rows["clip_id"].to_numpy())
        self._set_rows(pd.concat([self.rows, rows[COLUMNS]], ignore_index=True))

    def remove(self, ids: Ids) -> None:
        """Remove clips."""
        import faiss

        self.index.remove_ids(faiss.IDSelectorBatch(np.asarray(ids, np.int64)))
        self._set_rows(self.rows[~self.rows["clip_id"].isin(ids)].reset_index(drop=True))

    def search(
        self, query: Vectors, k: int, only: Filter | None = None, exact: bool = False
    ) -> tuple[Scores, Ids]:
        """Cosines and clip_ids of the nearest clips; `exact` looks into every list of an IVF index."""
        check_unit(query[None], self.index.d)
        scores, ids = self.index.search(query[None], k, params=self._parameters(only, exact))
        found = (ids[0] >= 0) & np.isfinite(scores[0])
        return scores[0][found], ids[0][found]

    def info(self) -> BackendInfo:
        """How it searches, and how many vectors it holds."""
        return BackendInfo(self.kind, self.index.ntotal, self.nprobe == 0, self.recall_at_10)

    def _set_rows(self, rows: pd.DataFrame) -> None:
        self.rows, self._allowed = rows, None

    def _parameters(self, only: Filter | None, exact: bool) -> Any:
        import faiss

        selector = {} if only is None else {"sel": faiss.IDSelectorBatch(self._ids(only))}
        if self.nprobe == 0:
            return faiss.SearchParameters(**selector)
        return probe(self.index.nlist if exact else self.nprobe, **selector)

    def _ids(self, only: Filter) -> Ids:
        """The clips that may be hits; kept, as a search asks several times for more of them."""
        allowed = self._allowed
        if allowed is None or allowed[0] != only:
            allowed = only, self.rows["clip_id"].to_numpy()[only.mask(self.rows)]
            self._allowed = allowed
        return allowed[1]


def probe(nprobe: int, **selector: Any) -> Any:
    """Search parameters of an IVF index: look into the nearest `nprobe` lists."""
    import faiss

    make: Any = faiss.SearchParametersIVF  # its stub knows no keywords
    return make(nprobe=nprobe, **selector)
