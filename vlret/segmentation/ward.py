"""Agglomerative clustering of a sequence: neighbours in time merge, by Ward's linkage (paper, section on selective
decoding)."""

from __future__ import annotations

import math
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from vlret.segmentation.checks import check_n_segments, check_threshold, check_vectors, not_one
from vlret.segmentation.cost import Starts
from vlret.types import Vectors

_Pair = tuple[float, int, int, int]
"""Two neighbouring segments [left, middle) and [middle, end), behind what their merge costs."""


def ward_starts(vectors: Vectors, n_segments: int | None = None, threshold: float | None = None) -> Starts:
    """Return the first rows of the segments of a sequence, int64 [segments]; `starts[0]` is 0.

    At first each row is a segment. Again and again the two neighbours merge that add least to
    `cost.segment_cost`; of equal ones the first. Same result as scikit-learn's `AgglomerativeClustering` with
    a chain as its connectivity, in O(n log n).

    Args:
        vectors: float32 [n, dim] in order of time; without rows there are no segments.
        n_segments: stop at this many, 1 to n. Give this or `threshold`.
        threshold: stop when the next merge would add this much or more: a sum of squared distances. Of unit vectors,
            merging two single rows adds 1 - cosine, two segments of n such rows each n times as much.

    Raises:
        UsageError: both or none of `n_segments` and `threshold`, one that is out of bounds, or `vectors` that
            are not finite or not [n, dim].
    """
    check_vectors(vectors)
    _check_stop(n_segments, threshold, len(vectors))
    merging = _Merging(vectors)
    most = math.inf if threshold is None else threshold
    while merging.n_segments > (n_segments or 1):
        pair = merging.cheapest()
        if pair[0] >= most:
            break
        merging.merge(pair)
    return merging.starts()


class _Merging:
    """The segments by their first rows, and a heap of neighbours, some of which have merged with others since."""

    def __init__(self, vectors: Vectors) -> None:
        self._n = self.n_segments = len(vectors)
        self._totals = np.concatenate([np.zeros((1, vectors.shape[1])), np.cumsum(vectors, 0, np.float64)])
        self._end = list(range(1, self._n + 1))  # by first row; -1 once it has merged into the one before
        self._previous = list(range(-1, self._n))
        self._pairs = [self._pair(left, left + 1, left + 2) for left in range(self._n - 1)]
        heapify(self._pairs)

    def cheapest(self) -> _Pair:
        """The neighbours whose merge costs least; of equal ones the first."""
        while self._is_old(self._pairs[0]):
            heappop(self._pairs)
        return self._pairs[0]

    def merge(self, pair: _Pair) -> None:
        """Make one segment of two."""
        _, left, middle, end = pair
        self._end[left], self._end[middle], self._previous[end] = end, -1, left
        self.n_segments -= 1
        if left > 0:
            heappush(self._pairs, self._pair(self._previous[left], left, end))
        if end < self._n:
            heappush(self._pairs, self._pair(left, end, self._end[end]))

    def starts(self) -> Starts:
        """The first row of each segment."""
        return np.flatnonzero(np.array(self._end, np.int64) > 0)

    def _is_old(self, pair: _Pair) -> bool:
        _, left, middle, end = pair
        return self._end[left] != middle or self._end[middle] != end

    def _pair(self, left: int, middle: int, end: int) -> _Pair:
        gap = self._mean(left, middle) - self._mean(middle, end)
        n_left, n_right = middle - left, end - middle
        return float(gap @ gap) * n_left * n_right / (n_left + n_right), left, middle, end

    def _mean(self, start: int, end: int) -> NDArray[np.float64]:
        return (self._totals[end] - self._totals[start]) / (end - start)  # type: ignore[no-any-return]


def _check_stop(n_segments: object, threshold: object, n_rows: int) -> None:
    if (n_segments is None) == (threshold is None):
        raise not_one(n_segments, threshold)
    if threshold is None:
        check_n_segments(n_segments, n_rows)
    else:
        check_threshold(threshold)
