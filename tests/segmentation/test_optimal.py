"""Dynamic programming against every segmentation there is."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from vlret.errors import UsageError
from vlret.segmentation.cost import segment_cost
from vlret.segmentation.optimal import optimal_starts


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_no_other_segmentation_costs_less(n, seed):
    vectors = np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)
    for n_segments in range(1, n + 1):
        others = [np.array([0, *cuts]) for cuts in combinations(range(1, n), n_segments - 1)]
        costs = [segment_cost(vectors, starts) for starts in others]
        assert optimal_starts(vectors, n_segments).tolist() == others[int(np.argmin(costs))].tolist()


def test_of_equal_ones_the_first_begin_first():
    assert optimal_starts(np.ones((4, 2), np.float32), 3).tolist() == [0, 1, 2]


def test_nothing_has_no_segments():
    assert optimal_starts(np.empty((0, 2), np.float32), 1).tolist() == []


def test_more_segments_than_rows_are_refused():
    with pytest.raises(UsageError) as error:
        optimal_starts(np.ones((2, 2), np.float32), 3)
    assert error.value.code == "bad_n_segments"
