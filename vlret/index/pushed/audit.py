"""How much of its approximate index a database has to look at."""

from __future__ import annotations

from typing import Any

import numpy as np
from tqdm import tqdm

from vlret.index.backends.database import Database
from vlret.index.view.audit import N_HELD_OUT, WANTED_RECALL, K, mixed_queries, share_found, shuffled
from vlret.types import Ids, Vectors

LEAST_RECALL = 0.95
"""Where no effort finds so many, searches stay exact."""


def set_effort(database: Database, clip_ids: Ids, progress: bool = True) -> None:
    """Set the first effort that finds `WANTED_RECALL` of what the database's exact search finds, and that recall.

    Where none does, the one that finds most, if it finds `LEAST_RECALL`; else 0: every search is exact.

    Args:
        clip_ids: int64 [n], ascending, clips that are there.
    """
    queries = mixed_queries(database.vectors(np.sort(shuffled(clip_ids)[:N_HELD_OUT])))
    hidden = None if progress else True
    with tqdm(
        desc="recall", total=len(queries) * (len(database.efforts) + 1), delay=1, disable=hidden
    ) as bar:
        worst = _scores(database, queries, True, bar)[:, -1]
        best = 0.0, 0
        for effort in database.efforts:
            database.effort = effort
            recall = share_found(_scores(database, queries, False, bar), worst)
            best = max(best, (recall, -effort))
            if recall >= WANTED_RECALL:
                break
    is_good = best[0] >= LEAST_RECALL
    database.effort, database.recall_at_10 = (-best[1], best[0]) if is_good else (0, 1.0)


def _scores(database: Database, queries: Vectors, exact: bool, bar: tqdm[Any]) -> Vectors:
    """The scores of what is found, float32 [q, K]; -2 where less is."""
    found = np.full((len(queries), K), -2, np.float32)
    for row, query in zip(found, queries, strict=True):
        scores, _ = database.search(query, K, exact=exact)
        row[: len(scores)] = scores
        bar.update()
    return found
