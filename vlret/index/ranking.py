"""The best clips for a query, one a file or all, exact to the last tie where the back end is exact."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlret.index.backends.base import Scores, SearchBackend
from vlret.types import Ids, Vectors

MOST_COMPARED = 50_000
"""Where a filter allows no more clips, every one of them is compared with the query."""
_LEAST_FETCH = 64


def is_exact(backend: SearchBackend, only: Ids | None = None) -> bool:
    """Whether `best_clips` compares the query with every clip, or with every clip of `only`."""
    return backend.info().is_exact or (only is not None and len(only) <= MOST_COMPARED)


def best_clips(
    backend: SearchBackend,
    query: Vectors,
    k: int,
    clip_ids: Ids,
    groups: NDArray[Any],
    only: Ids | None = None,
) -> tuple[Ids, Scores]:
    """The k best rows (positions in `clip_ids`) and their cosines, at most one of each group.

    Sorted by (-cosine, clip_id). More than k are fetched, and more again, until k groups are found and
    no clip that was left out can tie with the last of them, or nothing is left.

    Args:
        query: unit vector float32 [dim].
        clip_ids, groups: clip_id (rising) and group of each live row.
        only: consider these clip_ids alone, ascending; None: all.
    """
    n = len(clip_ids if only is None else only)
    fetch = max(1, min(n, max(4 * k, _LEAST_FETCH)))
    exact = is_exact(backend, only)
    while True:
        scores, ids = backend.search(query, fetch, only, exact)
        rows = np.searchsorted(clip_ids, ids)
        order = np.lexsort((ids, -scores))
        kept = order[_firsts(groups[rows[order]].tolist(), k)]
        is_whole = len(kept) == k and scores.min() < scores[kept[-1]]
        is_all = fetch == n or len(ids) < fetch
        if is_whole or (exact and is_all):
            return rows[kept], scores[kept]
        exact = exact or is_all
        fetch = min(n, 4 * fetch)


def _firsts(groups: list[int], k: int) -> list[int]:
    """The places of the first of each of the first `k` groups."""
    places: dict[int, int] = {}
    for place, group in enumerate(groups):
        if len(places) == k:
            break
        places.setdefault(group, place)
    return list(places.values())
