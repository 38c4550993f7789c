"""The dynamic programme against all matchings, and what the score punishes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from vlret.evaluation.metrics.soda import best_matching, overlaps, soda

KNOWN = np.array([[0.0, 4.0], [4.0, 10.0], [10.0, 12.0]])
SAME = np.eye(3)


def brute_force(scores: np.ndarray) -> float:
    n, m = scores.shape
    sums = [
        scores[list(rows), list(columns)].sum()
        for k in range(1, min(n, m) + 1)
        for rows in combinations(range(n), k)
        for columns in combinations(range(m), k)
    ]
    return max(sums, default=0.0)


@pytest.mark.parametrize("seed", range(20))
def test_best_matching_is_that_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.random(rng.integers(1, 6, 2))
    assert best_matching(scores) == pytest.approx(brute_force(scores))


def test_matching_keeps_the_order() -> None:
    assert best_matching(np.array([[0.0, 1.0], [1.0, 0.0]])) == 1.0
    assert best_matching(np.array([[0.2, 1.0], [1.0, 0.9]])) == pytest.approx(1.1)


def test_overlaps() -> None:
    expected = [[0.5, 0.25, 0.0], [0.0, 0.0, 0.0]]
    assert overlaps(np.array([[2.0, 6.0], [20.0, 21.0]]), KNOWN)[0] == pytest.approx([2 / 6, 2 / 8, 0.0])
    assert overlaps(np.array([[0.0, 8.0], [20.0, 21.0]]), KNOWN) == pytest.approx(
        np.array([[0.5, 0.4, 0.0], expected[1]])
    )
    assert overlaps(np.array([[1.0, 1.0]]), np.array([[1.0, 1.0]])) == 0


def test_the_truth_has_the_full_score() -> None:
    assert soda(KNOWN, KNOWN, SAME) == 1.0


def test_omissions_and_repetitions_are_punished() -> None:
    assert soda(KNOWN[:2], KNOWN, SAME[:2]) == pytest.approx(2 * 2 / 5)
    halves = np.array([[0.0, 4.0], [4.0, 7.0], [7.0, 10.0], [10.0, 12.0]])
    repeated = SAME[[0, 1, 1, 2]]
    assert soda(halves, KNOWN, repeated) == pytest.approx(2 * 2.5 / 7)
    assert soda(halves, KNOWN, repeated) < soda(KNOWN, KNOWN, SAME)
