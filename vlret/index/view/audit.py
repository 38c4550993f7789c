"""How many of the exact nearest a view finds, and in how many lists it has to look for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vlret.index.backends.faiss_backend import FaissBackend
from vlret.index.view.codes import n_lists_of
from vlret.index.view.info import MOST_K_FACTOR
from vlret.types import Ids, Vectors
from vlret.vectors import unit_rows

WANTED_RECALL = 0.99
N_HELD_OUT = 400
"""Clips that the queries of an audit are made of."""
K = 10
"""Hits of a query of an audit."""
_ROUNDING = 5e-4
"""More than float16 codes change a cosine by."""


def shuffled(clip_ids: Ids) -> Ids:
    """The same ids in an order that depends on each alone: the first are for audits, the last for training.

    So a clip that lists were trained with is in none of the queries of a later audit.
    """
    mixed = clip_ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # Knuth's multiplicative hash
    ids: Ids = clip_ids[np.argsort(mixed)]
    return ids


def mixed_queries(held_out: Vectors) -> Vectors:
    """Queries, float32 [q, dim], of clips, float32 [2 q, dim].

    A query is the sum of two clips: about as far from all clips as the embedding of a text is, and as hard to answer.
    A clip alone is easier to answer: its recall would promise too much to those who search by words.
    """
    half = len(held_out) // 2
    return unit_rows(held_out[:half] + held_out[half : 2 * half])


def share_found(scores: Vectors, worst: Vectors) -> float:
    """The recall of searches with these scores, float32 [q, K], where the exact K-th best score is `worst`, [q].

    Judged by score, so that copies of a clip may stand for each other.
    """
    return float((scores >= worst[:, None] - _ROUNDING).sum() / scores.size)


class Audit:
    """Recall@10 of an IVF index against all cosines, which are computed part by part."""

    def __init__(self, held_out: Vectors) -> None:
        """`held_out`: float32 [2 q, dim], clips that lists were not trained with, in order of clip_id."""
        self._queries = mixed_queries(held_out)
        self._exact = np.full((len(self._queries), K), -2, np.float32)

    def see(self, vectors: Vectors) -> None:
        """Compare the queries with some of the clips, float32 [n, dim]; each clip must be seen once."""
        scores = np.concatenate([self._exact, self._queries @ vectors.T], axis=1)
        self._exact = -np.partition(-scores, K - 1, axis=1)[:, :K]

    def tune(self, view: FaissBackend) -> None:
        """Set the least powers of two of lists, then of `k_factor`, whose recall@10 is as wanted, and that recall."""
        n_lists = n_lists_of(view.kind)
        view.nprobe, view.k_factor = 1, MOST_K_FACTOR if view.vectors else 1
        view.recall_at_10 = self._recall(view)
        while view.recall_at_10 < WANTED_RECALL and view.nprobe < n_lists:
            view.nprobe = min(2 * view.nprobe, n_lists)
            view.recall_at_10 = self._recall(view)
        while view.k_factor > 1:
            recall = self._recall(replace(view, k_factor=view.k_factor // 2))
            if recall < min(WANTED_RECALL, view.recall_at_10):
                break
            view.k_factor, view.recall_at_10 = view.k_factor // 2, recall

    def _recall(self, view: FaissBackend) -> float:
        found = np.full_like(self._exact, -2)
        for row, query in zip(found, self._queries, strict=True):
            scores = view.search(query, K)[0]
            row[: len(scores)] = scores
        return share_found(found, self._exact[:, -1])
