"""How many more clips of each file fit a query, where a file is one hit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vlret.index.index import Index
from vlret.tasks.calibration import QueryCalibration
from vlret.tasks.moments import level_of, scores_and_baseline
from vlret.types import Hit, Vectors

LEAST_PROBABILITY = 0.5


def with_more_clips(
    index: Index, vector: Vectors, hits: Sequence[Hit], best: float, calibration: QueryCalibration | None
) -> list[Hit]:
    """The best clips of files for a query, float32 [dim], with the number of other clips of each that fit.

    A clip fits that is right with LEAST_PROBABILITY or more. Without `calibration`: one that scores as high, over
    the median of the index, as a moment around a clip with the cosine `best` would.
    """
    columns = index.columns
    own = np.searchsorted(index.clip_ids, [hit.clip_id for hit in hits])
    files = columns.files[own]
    others = np.setdiff1d(np.concatenate([own, *map(columns.clips_of, files)]), own)
    if not len(others):
        return list(hits)
    ids = index.clip_ids[others]
    if calibration:
        fits = calibration.probabilities(index.scores(vector, ids)) >= LEAST_PROBABILITY
    else:
        scores, baseline = scores_and_baseline(index, vector, ids)
        fits = scores >= level_of(baseline, best)
    fitting = columns.files[others[fits]]
    return [
        replace(hit, more_clips=int((fitting == file).sum())) for hit, file in zip(hits, files, strict=True)
    ]
