"""Which of several times is nearest."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def nearest_in_time(times_s: ArrayLike, wanted_s: ArrayLike) -> NDArray[np.int64]:
    """The number of the time nearest to each wanted one, int64 [m]; of two that are equally near the earlier.

    Args:
        times_s: float [n], rising, n at least 1.
        wanted_s: float [m].
    """
    times = np.asarray(times_s, np.float64)
    middles = (times[:-1] + times[1:]) / 2
    return np.searchsorted(middles, np.asarray(wanted_s, np.float64), "left").astype(np.int64)
