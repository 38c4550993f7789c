"""Sets of clip_ids as ascending arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vlret.types import Ids


def is_in(ids: Ids, ascending: Ids) -> NDArray[np.bool_]:
    """Which of `ids` are among `ascending`, bool [n]: a sort of millions would cost more."""
    if not len(ascending):
        return np.zeros(len(ids), bool)
    found: NDArray[np.bool_] = ascending[np.searchsorted(ascending, ids).clip(max=len(ascending) - 1)] == ids
    return found
