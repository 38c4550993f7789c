from __future__ import annotations

from math import inf

import numpy as np
import pytest

from benchmarks.scale_model.simulation import Run, Workers, file_lengths, shard_lengths, simulate
from benchmarks.scale_model.workers import PER_WORKER, enough, outcomes

TWO = Workers(2, real_time=10.0, start_s=1.0)


class Scripted:
    """Failures after these seconds; all workers have the same speed."""

    def __init__(self, *until_s: float) -> None:
        self._until_s = list(until_s)

    def lognormal(self, mean: float, spread: float, n: int) -> np.ndarray:
        return np.ones(n)

    def exponential(self, mean: float) -> float:
        return self._until_s.pop(0)


def test_each_worker_takes_the_next_shard_when_it_is_free():
    """11 s and 6 s; the second is free first and takes the third, 4 s."""
    assert simulate(np.random.default_rng(0), [100, 50, 30], TWO) == Run(11, 9, 0, 1, 0)


def test_a_shard_whose_worker_failed_begins_anew():
    """The first fails after 5 s; its shard is taken at 6 s by the second, which has done its own, and takes 11 s."""
    workers = Workers(2, 10.0, failures_per_day=1, restart_s=100, start_s=1)
    run = simulate(Scripted(5, 1e9, 1e9), [100, 50], workers)
    assert run == Run(17, 7.5, 5, 2 * 17 - 11 - 6 - 5, 1)


def test_the_last_shard_waits_until_a_failure_is_known():
    """The one worker fails after 4 s, and is back after 100."""
    workers = Workers(1, 10.0, failures_per_day=1, restart_s=100, start_s=0)
    assert simulate(Scripted(4, 1e9), [100], workers) == Run(114, 10, 4, 100, 1)


def test_slow_workers_take_fewer_shards():
    workers = Workers(20, 44, spread=0.5, start_s=0)
    few, many = (simulate(np.random.default_rng(0), np.full(20 * n, 1e6 / n), workers) for n in (1, 64))
    assert few.least == pytest.approx(many.least)
    assert many.total < 1.05 * many.least < few.total / 1.5


def test_failures_cost_less_with_small_shards():
    workers = Workers(10, 44, failures_per_day=2, restart_s=0, start_s=0)
    few, many = (simulate(np.random.default_rng(1), np.full(10 * n, 4e6 / n), workers) for n in (1, 100))
    assert many.lost < few.lost / 10


def test_shards_that_never_end_are_not_simulated():
    found = outcomes(np.full(1000, 1e6), Workers(10, 44, failures_per_day=2), split=True)
    assert [one.total_s == inf for one in found] == [n < 16 for n in PER_WORKER]
    assert enough(found) > 80


def test_shards_of_whole_files_and_of_times():
    files = np.array([10.0, 10, 10, 70])
    assert shard_lengths(files, 4, split=True).tolist() == [25] * 4
    assert shard_lengths(files, 4, split=False).tolist() == [20, 10, 70]


def test_lengths_of_files():
    files = file_lengths(np.random.default_rng(0), 3600.0 * 1000, 600.0, 1.0)
    assert len(files) == 6000
    assert files.sum() == pytest.approx(3_600_000)
    assert np.log(files).std() == pytest.approx(1.0, abs=0.05)


def test_one_long_video_holds_a_worker_unless_it_is_split():
    files = np.array([*[60.0] * 1000, 30_000.0])
    split, whole = (outcomes(files, Workers(10, 44, start_s=0), split) for split in (True, False))
    assert split[-1].total_s == pytest.approx(90_000 / 44 / 10, rel=0.01)
    assert whole[-1].total_s >= 30_000 / 44
    assert enough(split) == 10
