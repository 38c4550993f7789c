"""A discrete simulation of encoding: workers take shards until all are done; some fail, some are slow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Workers:
    """The workers of a simulation.

    Attributes:
        n: how many there are.
        real_time: hours of video that one of mean speed encodes in an hour.
        spread: of their speeds, the standard deviation of its logarithm.
        failures_per_day: of one worker; the shard in its hands begins anew.
        restart_s: until a worker that failed is back.
        start_s: what each shard costs beside its video: a job of a scheduler loads the model again.
    """

    n: int
    real_time: float
    spread: float = 0.0
    failures_per_day: float = 0.0
    restart_s: float = 300.0
    start_s: float = 10.0

    @property
    def mean_s(self) -> float:
        """Seconds from one failure of a worker to its next."""
        return 86400 / self.failures_per_day if self.failures_per_day else inf


@dataclass(frozen=True, slots=True)
class Run:
    """How a simulation went, in seconds of the clock.

    Attributes:
        total: until all was done.
        least: what it would take if nothing was lost and all workers ended at once.
        lost: of all workers, for shards that failed.
        idle: of all workers, until the last one ended: waiting for others, and restarting.
        n_failures: how many shards began anew.
    """

    total: float
    least: float
    lost: float
    idle: float
    n_failures: int


def file_lengths(random: np.random.Generator, seconds: float, mean: float, spread: float) -> Seconds:
    """Lengths of files, `seconds` together: lognormal with this mean and standard deviation of the logarithm."""
    n = max(1, round(seconds / mean))
    lengths: Seconds = random.lognormal(0.0, spread, n)
    return lengths * (seconds / lengths.sum())


def shard_lengths(files: Seconds, n_shards: int, split: bool) -> Seconds:
    """Seconds of video of each shard, of files in order: cut at equal times, or at the ends of files next to those."""
    if split:
        return np.full(n_shards, files.sum() / n_shards)
    ends = files.cumsum()
    shard = np.minimum(((ends - files / 2) / ends[-1] * n_shards).astype(int), n_shards - 1)
    lengths: Seconds = np.bincount(shard, files, n_shards)
    return lengths[lengths > 0]


def simulate(random: np.random.Generator, shards: Sequence[float] | Seconds, workers: Workers) -> Run:
    """Workers take shards, seconds of video, in order: each the next one when it is free, those that failed first."""
    speeds = workers.real_time * _speeds(random, workers)
    mean_s = workers.mean_s
    free = [(0.0, worker) for worker in range(workers.n)]
    left, again = [float(shard) for shard in shards[::-1]], list[tuple[float, float]]()
    total = busy = lost = 0.0
    n_failures = 0
    while left or again:
        now, worker = heappop(free)
        if again and (again[0][0] <= now or not left):
            failed_s, shard = heappop(again)
            now = max(now, failed_s)
        else:
            shard = left.pop()
        needed_s = workers.start_s + shard / speeds[worker]
        until_s = random.exponential(mean_s) if mean_s < inf else inf
        if until_s < needed_s:
            heappush(again, (now + until_s, shard))
            heappush(free, (now + until_s + workers.restart_s, worker))
            lost, n_failures = lost + until_s, n_failures + 1
        else:
            heappush(free, (now + needed_s, worker))
            busy, total = busy + needed_s, max(total, now + needed_s)
    least = float(np.sum(shards) / speeds.sum())
    return Run(total, least, lost, workers.n * total - busy - lost, n_failures)


def _speeds(random: np.random.Generator, workers: Workers) -> Seconds:
    speeds: Seconds = random.lognormal(0.0, workers.spread, workers.n)
    return speeds / speeds.mean()
