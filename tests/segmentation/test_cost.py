"""The cost of segments, by numbers that can be checked by hand."""

from __future__ import annotations

import numpy as np

from vlret.segmentation.cost import segment_cost, segment_lengths, segment_means

ROWS = np.array([[0, 0], [2, 0], [5, 1], [5, 3], [5, 5]], np.float32)


def test_cost_is_the_squared_distance_to_the_means():
    assert segment_cost(ROWS, np.array([0, 2])) == 2 * 1 + 2 * 4
    assert segment_cost(ROWS, np.arange(5)) == 0
    assert segment_cost(ROWS[:0], np.empty(0, np.int64)) == 0


def test_means_and_lengths():
    assert segment_means(ROWS, np.array([0, 2])).tolist() == [[1, 0], [5, 3]]
    assert segment_lengths(np.array([0, 2]), 5).tolist() == [2, 3]
