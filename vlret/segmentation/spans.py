"""Windows in time: when they count as alike, and where a segment of them begins and ends."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from vlret.segmentation.checks import check_threshold
from vlret.segmentation.cost import Starts
from vlret.segmentation.ward import ward_starts
from vlret.types import Vectors

Seconds = NDArray[np.float64]

THRESHOLD = 2.5
"""The default of `window_starts`, fitted for vljepa-mini: docs/decisions/0059."""


def window_starts(
    starts_s: Seconds, vectors: Vectors, n_segments: int | None = None, threshold: float | None = None
) -> Starts:
    """Return the first windows of the segments, int64 [segments], by `ward_starts`.

    Args:
        starts_s: when the windows begin, float64 [n], at even distances but for a few.
        vectors: float32 [n, dim], unit length.
        n_segments: 1 to n; None: as many as differ by `threshold`.
        threshold: two segments are merged unless that adds this much or more to the sum over all windows of squared
            distance to the segment's mean times seconds from window to window. Segments of a and b seconds whose
            means are at the squared distance d add a b d / (a + b), whatever the rate: with 2.5, neighbours of
            10 s each stay apart from d = 0.5 on (a cosine of 0.75). None: THRESHOLD.

    Raises:
        UsageError: as `ward_starts`.
    """
    if n_segments is None and threshold is None:
        threshold = THRESHOLD
    if threshold is not None:
        check_threshold(threshold)
        threshold /= _step_s(starts_s)
    return ward_starts(vectors, n_segments, threshold)


def spans(starts_s: Seconds, ends_s: Seconds, starts: Starts) -> list[tuple[float, float]]:
    """Return start and end in seconds of each segment.

    A segment begins half-way between the end of the window before it and the start of its own first window: for
    windows that overlap, between their centres; for clips that follow each other, where one ends and the next begins.

    Args:
        starts_s, ends_s: the windows, float64 [n], n at least 1.
        starts: the segments' first windows.
    """
    cuts = (ends_s[starts[1:] - 1] + starts_s[starts[1:]]) / 2
    bounds = [float(starts_s[0]), *cuts.tolist(), float(ends_s[-1])]
    return list(pairwise(bounds))


def _step_s(starts_s: Seconds) -> float:
    steps = np.diff(starts_s)
    rising = steps[steps > 0]  # clips of an index may begin at the same time
    return float(np.median(rising)) if len(rising) else 1.0
