"""Retrieval metrics from unit vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlret.types import Vectors

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranks:
    """Rank of each query's best relevant item, from 1: `best` if ties fall well, `worst` if they fall badly."""

    best: NDArray[np.int64]
    worst: NDArray[np.int64]

    def hit_at(self, k: int) -> Floats:
        """For each query, the chance in 0..1 that the item is among the first `k` if ties fall at random."""
        return np.asarray(np.clip((k - self.best + 1) / (self.worst - self.best + 1), 0, 1))

    @property
    def expected(self) -> Floats:
        """Mean rank over the ways in which ties can fall."""
        return np.asarray((self.best + self.worst) / 2)


def ranks(queries: Vectors, items: Vectors, relevant: NDArray[np.bool_], block: int = 1024) -> Ranks:
    """Rank by cosine of unit vectors.

    Args:
        queries: float32 [q, dim]; `items` float32 [n, dim]; unit length.
        relevant: bool [q, n]; each query needs at least one relevant item, the best of them counts.
        block: queries scored at once, which bounds memory.
    """
    parts = [
        _ranks(queries[first : first + block] @ items.T, relevant[first : first + block])
        for first in range(0, len(queries), block)
    ]
    return Ranks(np.concatenate([p.best for p in parts]), np.concatenate([p.worst for p in parts]))


def _ranks(scores: Vectors, relevant: NDArray[np.bool_]) -> Ranks:
    own = np.where(relevant, scores, -np.inf).max(1, keepdims=True)
    others = np.where(relevant, -np.inf, scores)
    best = 1 + (others > own).sum(1)
    return Ranks(best, best + (others == own).sum(1))
