"""The best clips for a query, one a file or all, exact to the last tie where the view is exact."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vlret.index.faiss_view import View
from vlret.index.tables import Ids

_LEAST_FETCH = 64


def best_clips(
    view: View, query: NDArray[np.float32], k: int, clip_ids: Ids, groups: Ids, allowed: Ids | None
) -> tuple[Ids, NDArray[np.float32]]:
    """The k best rows (positions in `clip_ids`) and their cosines, at most one of each group.

    Sorted by (-cosine, clip_id). More than k are fetched, and more again, until k groups are found and
    no clip that was left out can tie with the last of them, or nothing is left.

    Args:
        query: unit vector float32 [dim].
        clip_ids, groups: clip_id (rising) and group of each live row.
        allowed: only these clip_ids; None: all.
    """
    n = len(clip_ids) if allowed is None else len(allowed)
    fetch = min(n, max(4 * k, _LEAST_FETCH))
    every_list = view.is_exact or allowed is not None
    while True:
        scores, ids = view.search(query, fetch, allowed, every_list)
        rows = np.searchsorted(clip_ids, ids)
        order = np.lexsort((ids, -scores))
        _, firsts = np.unique(groups[rows[order]], return_index=True)
        kept = order[np.sort(firsts)][:k]
        whole = len(kept) == k and scores.min() < scores[kept[-1]]
        if whole or (every_list and fetch == n):
            return rows[kept], scores[kept]
        every_list = every_list or len(ids) < fetch or fetch == n
        fetch = min(n, 4 * fetch)
