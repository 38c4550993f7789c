"""A filter as search back ends take it: clip_ids."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa

from vlret.index.filter import Filter
from vlret.index.where import clips_where


def resolved(only: Filter | None, clips: pd.DataFrame, table: Callable[[], pa.Table]) -> Filter | None:
    """The same filter with `clip_ids` alone, for `Snapshot.clips` and their `filter_table`.

    Raises:
        UsageError: `where` is not a condition, names an unknown column, or takes too much time or memory.
    """
    if only is None or only.is_resolved:
        return only
    ids = clips["clip_id"].to_numpy()[only.mask(clips)]
    if only.where:
        ids = np.intersect1d(ids, clips_where(table(), only.where, only.where_values))
    return Filter(clip_ids=ids)
