"""The reuse rule: what looks like an event described before keeps its text."""

from __future__ import annotations

import numpy as np

from vlret.types import Vectors


class DescribedEvents:
    """Vectors of the last described events; the oldest leaves when another comes.

    Attributes:
        cosine: two events are alike from this cosine on.
        size: events remembered at most.
    """

    def __init__(self, cosine: float, size: int) -> None:
        self.cosine, self.size = cosine, size
        self._numbers: list[int] = []
        self._vectors: list[Vectors] = []

    def find(self, vector: Vectors) -> int | None:
        """Return the number of the described event nearest to `vector`, float32 [dim]; None if none is alike."""
        if not self._vectors:
            return None
        cosines = np.stack(self._vectors) @ vector
        nearest = int(cosines.argmax())
        return self._numbers[nearest] if cosines[nearest] >= self.cosine else None

    def add(self, number: int, vector: Vectors) -> None:
        """Remember the vector of a newly described event."""
        self._numbers = [*self._numbers, number][-self.size :]
        self._vectors = [*self._vectors, vector][-self.size :]
