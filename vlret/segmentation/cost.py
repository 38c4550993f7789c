"""What a segmentation costs: the squared distances inside its segments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vlret.types import Vectors

Starts = NDArray[np.int64]
"""The first rows of segments, int64 [segments]: 0 first, strictly increasing."""


def segment_means(vectors: Vectors, starts: Starts) -> NDArray[np.float64]:
    """Return the mean of each segment's rows, float64 [segments, dim], not normalised.

    Args:
        vectors: float [n, dim], n at least 1.
        starts: the segments' first rows.
    """
    sums = np.add.reduceat(vectors.astype(np.float64), starts, axis=0)
    return np.asarray(sums / segment_lengths(starts, len(vectors))[:, None], np.float64)


def segment_lengths(starts: Starts, n_rows: int) -> NDArray[np.int64]:
    """Return the rows of each segment, int64 [segments]."""
    return np.diff(starts, append=n_rows)


def segment_cost(vectors: Vectors, starts: Starts) -> float:
    """Return the sum of squared distances of the rows of `vectors` [n, dim] to the means of their segments.

    This is what Ward's linkage adds to with every merge. It is 0 where each row is its own segment.
    """
    if not len(vectors):
        return 0.0
    means = np.repeat(segment_means(vectors, starts), segment_lengths(starts, len(vectors)), axis=0)
    return float(np.square(vectors - means).sum())
