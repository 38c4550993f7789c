"""Seconds of calls, by turns in one process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from vlret.evaluation.standalone.scale.result import Latency


def by_turns(calls: Sequence[Callable[[int], object]], n: int) -> NDArray[np.float64]:
    """The seconds of each call with each number below `n`, float64 [calls, n].

    With each number all are called, in an order that turns, so that none is always first.
    """
    seconds = np.empty((len(calls), n))
    for number in range(n):
        for turn in range(len(calls)):
            place = (number + turn) % len(calls)
            start = time.perf_counter()
            calls[place](number)
            seconds[place, number] = time.perf_counter() - start
    return seconds


def latency(seconds: Sequence[float] | NDArray[np.float64]) -> Latency:
    """Median and 99th percentile, each one of the measurements."""
    ordered = sorted(map(float, seconds))
    p50, p99 = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.99))
    return Latency(p50, p99, len(ordered))
