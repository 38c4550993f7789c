"""Calls by turns, and the two figures of a latency."""

from __future__ import annotations

from vlret.evaluation.standalone.scale.result import Latency
from vlret.evaluation.standalone.scale.timing import by_turns, latency


def test_all_are_called_with_each_number_and_none_is_always_first():
    called = []
    seconds = by_turns([lambda n: called.append(("a", n)), lambda n: called.append(("b", n))], 3)
    assert called == [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2)]
    assert seconds.shape == (2, 3)
    assert (seconds > 0).all()


def test_median_and_99th_percentile_are_measurements():
    assert latency([3.0, 1.0, 2.0]) == Latency(2.0, 3.0, 3)
    assert latency(range(1, 201)) == Latency(100.0, 198.0, 200)
