"""SODA: a score of a list of timed sentences against another, which punishes omissions and repetitions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def soda(spans: Floats, known: Floats, likeness: Floats) -> float:
    """The F score of the best one-to-one matching of sentences in order of time, 0 to 1.

    A matched pair counts as the intersection over union of its times, times `likeness`. Precision is the sum over all
    written sentences, recall over all known ones: a sentence said twice, or one left out, has no partner. The paper
    (SODA_c) takes METEOR for the likeness of sentences.

    Args:
        spans: start and end of the written sentences, float64 [n, 2] in order of time, n at least 1.
        known: of the known ones, [m, 2], m at least 1.
        likeness: float64 [n, m] from 0 to 1.

    Source: Fujita et al. 2020, SODA: Story Oriented Dense Video Captioning Evaluation Framework (ECCV), section 3.
    """
    return 2 * best_matching(overlaps(spans, known) * likeness) / (len(spans) + len(known))


def overlaps(spans: Floats, others: Floats) -> Floats:
    """Intersection over union of each of `spans` [n, 2] and each of `others` [m, 2], float64 [n, m]; 0 for none."""
    starts, ends = (
        np.stack(np.meshgrid(a, b, indexing="ij")) for a, b in zip(spans.T, others.T, strict=True)
    )
    both = np.maximum(ends.min(0) - starts.max(0), 0.0)
    union = (ends - starts).sum(0) - both
    shares: Floats = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return shares


def best_matching(scores: Floats) -> float:
    """The largest sum of `scores` [n, m], not negative, over pairs of which each next has a later row and column."""
    best = np.zeros(scores.shape[1] + 1)  # of the first j columns and all rows so far
    for row in scores:
        best[1:] = np.maximum(best[1:], best[:-1] + row)
        best = np.maximum.accumulate(best)
    return float(best[-1])
