"""How many more clips of each file fit a query, where a file is one hit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vlret.index.filter import Filter
from vlret.index.index import Index
from vlret.tasks.calibration import Calibration
from vlret.tasks.moments import baseline_of, level_of
from vlret.types import Hit, Vectors

LEAST_PROBABILITY = 0.5


def with_more_clips(
    index: Index, vector: Vectors, hits: Sequence[Hit], calibration: Calibration | None
) -> list[Hit]:
    """The best clips of files for a query, float32 [dim], with the number of other clips of each that fit.

    A clip fits that is right with LEAST_PROBABILITY or more. Without `calibration`: one that scores as high, over
    the median of the index, as a moment around the best of all hits would.
    """
    if not hits:
        return []
    ids = index.clip_ids({hit.path for hit in hits})
    clips = index.search(vector[None], k=len(ids), one_per_file=False, only=Filter(clip_ids=tuple(ids)))[0]
    scores = np.array([clip.score for clip in clips])
    if calibration:
        fits = calibration.probabilities(vector, scores, len(index)) >= LEAST_PROBABILITY
    else:
        fits = scores >= level_of(baseline_of(index, vector), max(hit.score for hit in hits))
    fitting = Counter(clip.path for clip, is_fit in zip(clips, fits, strict=True) if is_fit)
    return [replace(hit, more_clips=max(0, fitting[hit.path] - 1)) for hit in hits]
