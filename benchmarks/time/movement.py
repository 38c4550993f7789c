"""How far a clip's vector moves when its frames are rearranged, as a share of the distance to other clips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.time.rows import Row
from vlret.evaluation.metrics.statistics import statistic_interval
from vlret.vectors import unit_rows

Rows = NDArray[np.float32]


def movement(name: str, before: Rows, after: Rows, clips: Rows, sources: Sequence[str]) -> Row:
    """Return 1 - cosine of `before` and `after` [n, width], in per cent of the mean 1 - cosine between `clips`.

    `clips` [n, width'] are whole clips as filmed; only those of other `sources` are compared. The interval draws
    sources.
    """
    moved = 1 - (unit_rows(before) * unit_rows(after)).sum(1)
    columns = np.stack([moved, _to_others(clips, sources)], axis=1).astype(np.float64)
    low, high = statistic_interval(_share, columns, sources)
    return Row(name, len(moved), _share(columns.sum(0)), low, high)


def _to_others(clips: Rows, sources: Sequence[str]) -> NDArray[np.float64]:
    """Mean 1 - cosine of each clip to the clips of other sources."""
    unit, source = unit_rows(clips), np.asarray(sources)
    other = source[:, None] != source
    distances = (1 - unit @ unit.T).astype(np.float64)
    return np.asarray((distances * other).sum(1) / other.sum(1))


def _share(sums: NDArray[np.float64]) -> float:
    return 100 * float(sums[0] / sums[1])
