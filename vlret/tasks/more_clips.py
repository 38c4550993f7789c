"""How many more clips of each file fit a query, where a file is one hit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vlret.index.index import Index
from vlret.tasks.calibration import Calibration
from vlret.tasks.moments import baseline_of, level_of
from vlret.types import Hit, Vectors

LEAST_PROBABILITY = 0.5


def with_more_clips(
    index: Index, vector: Vectors, hits: Sequence[Hit], best: float, calibration: Calibration | None
) -> list[Hit]:
    """The best clips of files for a query, float32 [dim], with the number of other clips of each that fit.

    A clip fits that is right with LEAST_PROBABILITY or more. Without `calibration`: one that scores as high, over
    the median of the index, as a moment around a clip with the cosine `best` would.
    """
    if not hits:
        return []
    columns = index.columns
    own = np.searchsorted(index.clip_ids, [hit.clip_id for hit in hits])
    files = columns.files[own]
    rows = np.sort(np.concatenate([columns.clips_of(file) for file in np.unique(files)]))
    scores = index.scores(vector, index.clip_ids[rows])
    if calibration:
        fits = calibration.probabilities(vector, scores, len(index)) >= LEAST_PROBABILITY
    else:
        fits = scores >= level_of(baseline_of(index, vector), best)
    fits[np.searchsorted(rows, own)] = False  # the hits themselves
    fitting = columns.files[rows[fits]]
    return [
        replace(hit, more_clips=int((fitting == file).sum())) for hit, file in zip(hits, files, strict=True)
    ]
