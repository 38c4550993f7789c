"""A filter as search back ends take it: conditions on what they do not know become clip_ids."""

from __future__ import annotations

import numpy as np

from vlret.index.filter import Filter
from vlret.index.filter_table import filter_table
from vlret.index.snapshot import Snapshot
from vlret.index.where import clips_where


def resolved(only: Filter | None, snapshot: Snapshot) -> Filter | None:
    """The same filter with `path` and `clip_ids` alone.

    Raises:
        UsageError: `where` is not a condition, names an unknown column, or takes too much time or memory.
    """
    if only is None or not (only.exclude or only.where):
        return only
    ids = snapshot.clips["clip_id"].to_numpy()[only.mask(snapshot.clips)]
    if only.where:
        ids = np.intersect1d(ids, clips_where(filter_table(snapshot), only.where, only.where_values))
    return Filter(clip_ids=tuple(ids.tolist()))
