"""Ward's linkage on a chain against scikit-learn, against the optimum, and on sequences that can be checked by eye."""

from __future__ import annotations

import numpy as np
import pytest

from vlret.errors import UsageError
from vlret.segmentation.cost import segment_cost
from vlret.segmentation.optimal import optimal_starts
from vlret.segmentation.ward import ward_starts


def sequence(seed: int, n: int = 60, dim: int = 8) -> np.ndarray:
    """Unit vectors that stay near one point for a while and then move to another."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n // 7 + 1, dim))
    rows = points[np.arange(n) // 7] + 0.4 * rng.normal(size=(n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def scikit_learn_starts(vectors: np.ndarray, n_segments: int) -> list[int]:
    from scipy.sparse import diags_array
    from sklearn.cluster import AgglomerativeClustering

    n = len(vectors)
    chain = diags_array([np.ones(n - 1), np.ones(n - 1)], offsets=[-1, 1]).tocsr()
    clusters = AgglomerativeClustering(n_segments, connectivity=chain, linkage="ward")
    labels = clusters.fit_predict(vectors.astype(np.float64))
    return [0, *(np.flatnonzero(np.diff(labels)) + 1)]


@pytest.mark.parametrize("seed", range(5))
def test_equals_scikit_learn_for_every_number_of_segments(seed):
    vectors = sequence(seed)
    for n_segments in range(1, len(vectors)):
        assert ward_starts(vectors, n_segments).tolist() == scikit_learn_starts(vectors, n_segments)


def test_equals_scikit_learn_without_structure():
    vectors = np.random.default_rng(7).normal(size=(300, 3)).astype(np.float32)
    for n_segments in (2, 3, 17, 80, 299):
        assert ward_starts(vectors, n_segments).tolist() == scikit_learn_starts(vectors, n_segments)


def test_costs_no_less_than_the_optimum():
    n_worse = 0
    for seed in range(20):
        vectors = sequence(seed, n=24, dim=3)
        for n_segments in (1, 2, 4, 9, 23, 24):
            ward = segment_cost(vectors, ward_starts(vectors, n_segments))
            best = segment_cost(vectors, optimal_starts(vectors, n_segments))
            assert ward >= best - 1e-9
            n_worse += ward > best + 1e-6
    assert 0 < n_worse < 60  # greedy merging is no exact method, and the test can see it


def test_clear_cases_are_optimal():
    vectors = np.repeat(np.eye(4, dtype=np.float32), [3, 1, 6, 2], axis=0)
    assert ward_starts(vectors, 4).tolist() == optimal_starts(vectors, 4).tolist() == [0, 3, 4, 10]


def test_one_segment_and_as_many_as_rows():
    vectors = sequence(1, n=9)
    starts = ward_starts(vectors, 1)
    assert starts.tolist() == [0]
    assert starts.dtype == np.int64
    assert ward_starts(vectors, 9).tolist() == list(range(9))


def test_starts_rise_from_zero_and_nest():
    vectors = sequence(3)
    coarser: set[int] = set()
    for n_segments in range(1, 61):
        starts = ward_starts(vectors, n_segments)
        assert starts[0] == 0
        assert (np.diff(starts) > 0).all()
        assert len(starts) == n_segments
        assert coarser <= set(starts.tolist())
        coarser = set(starts.tolist())


def test_threshold_is_what_the_next_merge_adds():
    vectors = np.array([[1, 0], [1, 0], [0.6, 0.8], [0, 1]], np.float32)
    # 1 - cosine of rows 2 and 3 is 0.2; then 2 * 2 / 4 * |(1, 0) - (0.3, 0.9)|^2 = 1.3
    assert ward_starts(vectors, threshold=0.19).tolist() == [0, 2, 3]
    assert ward_starts(vectors, threshold=0.21).tolist() == [0, 2]
    assert ward_starts(vectors, threshold=1.29).tolist() == [0, 2]
    assert ward_starts(vectors, threshold=1.31).tolist() == [0]


def test_threshold_zero_merges_nothing():
    assert ward_starts(np.ones((3, 2), np.float32), threshold=0).tolist() == [0, 1, 2]


def test_stops_at_the_first_merge_that_adds_the_threshold():
    vectors = sequence(4)
    costs = [segment_cost(vectors, ward_starts(vectors, n)) for n in range(60, 0, -1)]
    prices = np.diff(costs)
    assert (np.diff(prices) < 0).any()  # on a chain, a merge can make the next one cheaper
    for threshold in (0.05, 0.3, 1.0, 4.0):
        n_merges = int(np.argmax(prices >= threshold))
        assert len(ward_starts(vectors, threshold=threshold)) == 60 - n_merges


@pytest.mark.parametrize("n_segments", [1, 2, 3, 4])
def test_of_equal_merges_the_first_is_made(n_segments):
    vectors = np.array([[0], [1], [2], [3], [4]], np.float32)
    # all neighbours cost 0.5: (0 1), then (2 3), then 4 joins them for 1.5 against 4
    expected = {4: [0, 2, 3, 4], 3: [0, 2, 4], 2: [0, 2], 1: [0]}
    assert ward_starts(vectors, n_segments).tolist() == expected[n_segments]


def test_nothing_has_no_segments():
    empty = np.empty((0, 4), np.float32)
    assert ward_starts(empty, 1).tolist() == ward_starts(empty, threshold=1.0).tolist() == []


def test_one_row():
    assert ward_starts(np.ones((1, 4), np.float32), threshold=1.0).tolist() == [0]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "n_segments_or_threshold"),
        ({"n_segments": 2, "threshold": 0.1}, "n_segments_or_threshold"),
        ({"n_segments": 0}, "bad_n_segments"),
        ({"n_segments": 4}, "bad_n_segments"),
        ({"n_segments": 1.5}, "bad_n_segments"),
        ({"threshold": -0.1}, "bad_segment_threshold"),
        ({"threshold": float("nan")}, "bad_segment_threshold"),
        ({"threshold": "0.1"}, "bad_segment_threshold"),
    ],
)
def test_arguments_are_checked(arguments, code):
    with pytest.raises(UsageError) as error:
        ward_starts(np.ones((3, 2), np.float32), **arguments)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("vectors", "code"),
    [
        (np.ones(3, np.float32), "vector_shape"),
        ([[1.0, 0.0]], "vector_shape"),
        (np.array([[np.nan, 1.0]], np.float32), "vector_not_finite"),
    ],
)
def test_vectors_are_checked(vectors, code):
    with pytest.raises(UsageError) as error:
        ward_starts(vectors, 1)
    assert error.value.code == code
