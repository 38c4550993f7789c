"""The cheapest segmentation, by exact dynamic programming: what greedy merging is measured against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vlret.segmentation.checks import check_n_segments, check_vectors
from vlret.segmentation.cost import Starts
from vlret.types import Vectors


def optimal_starts(vectors: Vectors, n_segments: int) -> Starts:
    """Return the first rows, int64 [n_segments], of the segments with the least `cost.segment_cost`.

    Of equal ones, those that begin first. Time O(n^2 (n_segments + dim)), memory O(n^2): for some thousand rows.

    Args:
        vectors: float32 [n, dim] in order of time; without rows there are no segments.
        n_segments: 1 to n.

    Raises:
        UsageError: `n_segments` is out of bounds, or `vectors` are not finite or not [n, dim].
    """
    check_vectors(vectors)
    check_n_segments(n_segments, len(vectors))
    if not len(vectors):
        return np.empty(0, np.int64)
    costs = _costs(vectors)
    best = costs[0]  # of the first j rows
    chosen = []
    for _ in range(n_segments - 1):
        totals = best[:, None] + costs
        chosen.append(totals.argmin(0))
        best = totals.min(0)
    return _traced(chosen, len(vectors))


def _costs(vectors: Vectors) -> NDArray[np.float64]:
    """What a segment of the rows [i, j) costs, float64 [n + 1, n + 1]; infinite unless i < j."""
    n = len(vectors)
    centred = vectors - vectors.mean(0, dtype=np.float64)
    totals = np.concatenate([np.zeros((1, vectors.shape[1])), np.cumsum(centred, 0)])
    squares = np.append(0.0, np.cumsum(np.square(centred).sum(1)))
    costs = np.full((n + 1, n + 1), np.inf)
    for end in range(1, n + 1):
        between = np.square(totals[end] - totals[:end]).sum(1) / (end - np.arange(end))
        costs[:end, end] = squares[end] - squares[:end] - between
    return costs


def _traced(chosen: list[NDArray[np.int64]], n_rows: int) -> Starts:
    """The starts from the last segment back to the first."""
    starts = [n_rows]
    for rows in reversed(chosen):
        starts.append(int(rows[starts[-1]]))
    return np.array([0, *reversed(starts[1:])], np.int64)
