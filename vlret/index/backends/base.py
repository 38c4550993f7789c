"""What every search back end looks like to an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vlret.errors import UsageError
from vlret.types import Ids, Vectors

Scores = NDArray[np.float32]

_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class BackendInfo:
    """What a back end says of itself.

    Attributes:
        kind: how it searches, such as FAISS's factory string.
        n_vectors: vectors that it holds.
        is_exact: every search compares with every vector.
        recall_at_10: share of the exact ten nearest that a search finds, as measured (1 where it is exact).
    """

    kind: str
    n_vectors: int
    is_exact: bool
    recall_at_10: float


class SearchBackend(Protocol):
    """Vectors by clip_id, and the nearest of them to a query.

    tests/index/backends/test_contract.py says what each must do; ties and one hit a file are settled above it,
    in `vlret.index.ranking`, and a `Filter` is resolved into clip_ids. A search may run in several threads at once,
    but not beside `add` or `remove`.
    """

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add clips.

        Args:
            ids: int64 [n], clip_ids that are new.
            vectors: float32 [n, dim] of unit length.

        Raises:
            UsageError: vectors of another shape or length; nothing is added.
        """

    def remove(self, ids: Ids) -> None:
        """Remove the clips of these clip_ids; unknown ids are ignored."""

    def search(
        self, query: Vectors, k: int, only: Ids | None = None, exact: bool = False
    ) -> tuple[Scores, Ids]:
        """Cosines and clip_ids of the nearest clips, best first: k, or fewer where fewer exist.

        Args:
            query: float32 [dim] of unit length.
            only: int64, ascending: consider these clips alone, so that k hits come back where k of them exist;
                unknown ids are ignored. None: all.
            exact: compare with every vector (of `only`), also where the back end would look only where hits are
                likely; then fewer than k may come back, as if fewer existed.

        Raises:
            UsageError: a query of another shape or length.
        """

    def info(self) -> BackendInfo:
        """How it searches, and how many vectors it holds."""


def check_unit(vectors: Vectors, dim: int) -> None:
    """Check vectors on their way into a back end.

    Raises:
        UsageError: they are not [n, dim], or one does not have unit length.
    """
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        raise UsageError(
            f"Vectors have the shape {vectors.shape}.", f"Give float32 [n, {dim}].",
            code="vector_shape", given=vectors.shape, dim=dim,
        )  # fmt: skip
    wrong = ~(np.abs(np.einsum("nd,nd->n", vectors, vectors) - 1) < 2 * _TOLERANCE)  # NaN is wrong, too
    if wrong.any():
        row = int(wrong.argmax())
        raise UsageError(
            f"Vector {row + 1} of {len(vectors)} does not have unit length.", "Divide it by its length.",
            code="vector_not_unit", row=row,
        )  # fmt: skip
