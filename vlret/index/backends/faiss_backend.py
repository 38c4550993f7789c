"""The default back end: a FAISS index whose ids are clip_ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np

from vlret.index.backends.base import BackendInfo, Scores, check_unit
from vlret.index.backends.vector_files import VectorFiles
from vlret.index.ids import is_in
from vlret.types import Ids, Vectors

EXACT = "IDMap,Flat"
"""FAISS's factory string of an index that compares with every vector."""
_MOST_BITS = 2**28
"""The longest bitmap of clip_ids, 32 MB; larger ids, as nobody but a stranger writes them, are hashed."""


@dataclass(slots=True)
class FaissBackend:
    """A FAISS index of inner products.

    Attributes:
        index: a trained `faiss.Index` that takes ids.
        kind: FAISS's factory string.
        nprobe: lists that a search looks into; 0: the index has no lists and is exact.
        recall_at_10: as measured at this nprobe.
        vectors: where the index holds codes, what they are made of: of `k_factor` times as many clips as asked for the
            nearest are taken by their exact cosines.
    """

    index: Any
    kind: str = EXACT
    nprobe: int = 0
    recall_at_10: float = 1.0
    k_factor: int = 1
    vectors: VectorFiles | None = None
    _selected: tuple[Ids, Any] | None = field(default=None, init=False)

    @classmethod
    def exact(cls, dim: int) -> FaissBackend:
        """An empty back end that compares with every vector."""
        import faiss

        return cls(faiss.IndexIDMap(faiss.IndexFlatIP(dim)))

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add clips; see `SearchBackend`. The lists of an IVF index stay as they were trained."""
        check_unit(vectors, self.index.d)
        self.index.add_with_ids(vectors, ids)

    def remove(self, ids: Ids) -> None:
        """Remove clips."""
        import faiss

        self.index.remove_ids(faiss.IDSelectorBatch(np.asarray(ids, np.int64)))

    def search(
        self, query: Vectors, k: int, only: Ids | None = None, exact: bool = False
    ) -> tuple[Scores, Ids]:
        """Cosines and clip_ids of the nearest clips; `exact` looks into every list, of codes as of vectors.

        Otherwise the fewer clips `only` has, the more lists are looked into.
        """
        check_unit(query[None], self.index.d)
        if only is not None and (k >= len(only) or (exact and self.vectors is not None)):
            return self._compared(query, k, only)
        n = k if self.vectors is None else min(k * self.k_factor, max(k, self.index.ntotal))
        scores, ids = self.index.search(query[None], n, params=self._parameters(only, exact))
        found = (ids[0] >= 0) & np.isfinite(scores[0])
        if only is not None:  # FAISS 1.11 does not look at the selector where codes are RaBitQ's
            found &= is_in(ids[0], only)
        return (
            self.vectors.best(query, ids[0][found], k) if self.vectors else (scores[0][found], ids[0][found])
        )

    def info(self) -> BackendInfo:
        """How it searches, and how many vectors it holds."""
        return BackendInfo(self.kind, self.index.ntotal, self.nprobe == 0, self.recall_at_10)

    def _compared(self, query: Vectors, k: int, only: Ids) -> tuple[Scores, Ids]:
        """The k nearest of `only`, all of which are compared: faster than FAISS's search where many are asked for."""
        _, scores, ids = self.index.range_search(query[None], -np.inf, params=self._parameters(only, True))
        if self.vectors is not None:
            return self.vectors.best(query, ids[is_in(ids, only)], k)
        scores = np.where(np.isfinite(scores), scores, np.nan)  # of damaged vectors: sorted to the end
        order = np.argsort(-scores)[: min(k, np.isfinite(scores).sum())]
        return scores[order], ids[order]

    def _parameters(self, only: Ids | None, exact: bool) -> Any:
        import faiss

        selector = {} if only is None else {"sel": self._selector(only)}
        if self.nprobe == 0:
            return faiss.SearchParameters(**selector)
        n_lists: int = self.index.nlist
        rarity = 1.0 if only is None else self.index.ntotal / max(1, len(only))
        wanted = ceil(self.nprobe * max(1.0, rarity))
        return probe(n_lists if exact else min(n_lists, wanted), **selector)

    def _selector(self, only: Ids) -> Any:
        """The clips that may be hits; kept, as a search asks several times for more of them."""
        selected = self._selected
        if selected is None or selected[0] is not only:
            self._selected = selected = only, _selector_of(only)
        return selected[1]


def _selector_of(only: Ids) -> Any:
    """FAISS's selector of these clip_ids, int64, ascending: a bit a clip_id."""
    import faiss

    only = only[np.searchsorted(only, 0) :]
    n_bits = int(only[-1]) + 1 if len(only) else 0
    if n_bits > _MOST_BITS:
        return faiss.IDSelectorBatch(only)
    is_wanted = np.zeros(n_bits, bool)
    is_wanted[only] = True
    make: Any = faiss.IDSelectorBitmap  # its stub knows no arrays; it keeps the bits alive
    return make(np.packbits(is_wanted, bitorder="little"))


def probe(nprobe: int, **selector: Any) -> Any:
    """Search parameters of an IVF index: look into the nearest `nprobe` lists."""
    import faiss

    make: Any = faiss.SearchParametersIVF  # its stub knows no keywords
    return make(nprobe=nprobe, **selector)
