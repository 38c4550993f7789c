"""The exact nearest clips by a pass over the shards, one in memory at a time: what a view is judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from vlret.index.store import Store
from vlret.index.tables import shard_schema, unit_vectors
from vlret.types import Ids, Vectors

Allowed = Callable[[Ids], NDArray[np.bool_]]
"""Which of some clip_ids may be found."""


def exact_nearest(store: Store, queries: Vectors, allowed: Sequence[Allowed | None], k: int) -> list[Ids]:
    """The clip_ids of the k nearest clips to each query, best first; fewer where fewer are allowed.

    Args:
        queries: float32 [q, dim], unit length.
        allowed: for each query; None: all clips may be found.
    """
    manifest = store.read_manifest()
    schema = shard_schema(queries.shape[1])
    scores, ids = np.full((len(queries), 0), -np.inf, np.float32), np.zeros((len(queries), 0), np.int64)
    for entry in manifest.shards:
        table = store.read_table(entry, schema, ["clip_id", "vector"])
        new_ids = table["clip_id"].to_numpy()
        new = queries @ unit_vectors(table).T
        for row, allows in enumerate(allowed):
            if allows is not None:
                new[row, ~allows(new_ids)] = -np.inf
        scores, ids = _best(
            np.hstack([scores, new]), np.hstack([ids, np.broadcast_to(new_ids, new.shape)]), k
        )
    return [row[score > -np.inf] for row, score in zip(ids, scores, strict=True)]


def _best(scores: Vectors, ids: Ids, k: int) -> tuple[Vectors, Ids]:
    """The k highest scores of each row, descending, with their ids."""
    part = np.argpartition(-scores, min(k, scores.shape[1]) - 1, 1)[:, :k]
    order = np.take_along_axis(part, np.argsort(-np.take_along_axis(scores, part, 1), 1), 1)
    return np.take_along_axis(scores, order, 1), np.take_along_axis(ids, order, 1)


def recall(found: Sequence[Ids], exact: Sequence[Ids]) -> float:
    """The mean share of the exact nearest that was found, over queries that have any."""
    shares = [np.isin(one, got).mean() for got, one in zip(found, exact, strict=True) if len(one)]
    return float(np.mean(shares))
