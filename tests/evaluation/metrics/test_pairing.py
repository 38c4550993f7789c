"""The nearest time against a search through all."""

from __future__ import annotations

import numpy as np

from vlret.evaluation.metrics.pairing import nearest_in_time


def test_nearest_is_that_of_all() -> None:
    rng = np.random.default_rng(0)
    times, wanted = np.sort(rng.random(50)), rng.uniform(-0.2, 1.2, 400)
    assert np.array_equal(nearest_in_time(times, wanted), np.abs(times - wanted[:, None]).argmin(1))


def test_the_earlier_of_two() -> None:
    assert nearest_in_time([1.0, 3.0], [0.0, 2.0, 2.1, 9.0]).tolist() == [0, 0, 1, 1]
    assert nearest_in_time([5.0], [0.0, 9.0]).tolist() == [0, 0]
