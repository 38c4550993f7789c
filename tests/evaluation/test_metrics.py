"""Ranks against a naive count, ties told apart, constant scores at chance."""

from __future__ import annotations

import numpy as np
import pytest

from vlret.evaluation.metrics import ranks


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def naive_rank(scores: np.ndarray, relevant: np.ndarray) -> tuple[int, int]:
    own = max(s for s, r in zip(scores, relevant, strict=True) if r)
    best = 1 + sum(s > own for s, r in zip(scores, relevant, strict=True) if not r)
    return best, best + sum(s == own for s, r in zip(scores, relevant, strict=True) if not r)


@pytest.mark.parametrize("block", [1, 3, 1000])
def test_ranks_equal_a_naive_count(block: int) -> None:
    rng = np.random.default_rng(0)
    queries, items = unit(rng.normal(size=(20, 6))), unit(rng.normal(size=(15, 6)).round(0) + 0.1)
    relevant = rng.random((20, 15)) < 0.2
    relevant[:, 0] |= ~relevant.any(1)
    found = ranks(queries, items, relevant, block)
    expected = [naive_rank(row, r) for row, r in zip(queries @ items.T, relevant, strict=True)]
    assert list(zip(found.best, found.worst, strict=True)) == expected


def test_constant_scores_give_chance() -> None:
    vectors = unit(np.ones((10, 3)))
    found = ranks(vectors, vectors, np.eye(10, dtype=bool))
    assert found.hit_at(1).mean() == pytest.approx(0.1)
    assert found.hit_at(5).mean() == pytest.approx(0.5)
    assert found.expected.tolist() == [5.5] * 10


def test_perfect_scores_give_one() -> None:
    vectors = np.eye(4, dtype=np.float32)
    assert ranks(vectors, vectors, np.eye(4, dtype=bool)).hit_at(1).tolist() == [1, 1, 1, 1]
