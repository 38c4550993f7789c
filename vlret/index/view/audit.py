"""How many of the exact nearest a view finds, and in how many lists it has to look for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from vlret.index.backends.faiss_backend import probe
from vlret.types import Ids, Vectors

WANTED_RECALL = 0.99
N_QUERIES = 200
_K = 10
_ROUNDING = 5e-4
"""More than float16 codes change a cosine by."""


def shuffled(clip_ids: Ids) -> Ids:
    """The same ids in an order that depends on each alone: the first are for audits, the last for training.

    So a clip that lists were trained with is none of the queries of a later audit.
    """
    mixed = clip_ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # Knuth's multiplicative hash
    ids: Ids = clip_ids[np.argsort(mixed)]
    return ids


class Audit:
    """Recall@10 of an IVF index against all cosines, which are computed part by part.

    The queries are clips of the index; the answer that a clip is nearest to itself does not count.
    """

    def __init__(self, queries: Vectors) -> None:
        """`queries`: float32 [q, dim]."""
        self._queries = queries
        self._exact = np.full((len(queries), _K + 1), -2, np.float32)

    def see(self, vectors: Vectors) -> None:
        """Compare the queries with some of the clips, float32 [n, dim]; each clip must be seen once."""
        scores = np.concatenate([self._exact, self._queries @ vectors.T], axis=1)
        self._exact = -np.partition(-scores, _K, axis=1)[:, : _K + 1]

    def nprobe(self, index: Any) -> tuple[int, float]:
        """The least power of two of lists whose recall@10 is as wanted, and that recall."""
        nprobe = 1
        while True:
            nprobe = min(nprobe, index.nlist)
            recall = self._recall(*index.search(self._queries, _K + 1, params=probe(nprobe)))
            if recall >= WANTED_RECALL or nprobe == index.nlist:
                return nprobe, recall
            nprobe *= 2

    def _recall(self, scores: Vectors, ids: Ids) -> float:
        worst = self._exact[:, -1:]  # judged by score, so that copies of a clip may stand for each other
        hits = (scores >= worst - _ROUNDING) & (ids >= 0)
        return float((hits.sum(1) - 1).clip(0).mean() / _K)
