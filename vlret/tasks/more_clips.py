"""How many more clips of each file fit a query, where a file is one hit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from vlret.index.filter import Filter
from vlret.index.index import Index
from vlret.tasks.moments import baseline_of, level_of
from vlret.types import Hit, Vectors


def with_more_clips(index: Index, vector: Vectors, hits: Sequence[Hit]) -> list[Hit]:
    """The best clips of files for a query, float32 [dim], with the number of other clips of each that fit.

    A clip fits that scores as high, over the median of the index, as a moment around the best of all hits would.
    """
    if not hits:
        return []
    least = level_of(baseline_of(index, vector), max(hit.score for hit in hits))
    ids = index.clip_ids({hit.path for hit in hits})
    clips = index.search(vector[None], k=len(ids), one_per_file=False, only=Filter(clip_ids=tuple(ids)))[0]
    fitting = Counter(clip.path for clip in clips if clip.score >= least)
    return [replace(hit, more_clips=max(0, fitting[hit.path] - 1)) for hit in hits]
