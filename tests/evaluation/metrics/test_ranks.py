"""Ranks and what is counted from them against naive counts, chance, and worked examples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.sparse import csr_array

from vlret.errors import UsageError
from vlret.evaluation.metrics import ranks as metrics
from vlret.evaluation.metrics.ranks import Ranks, cosine, rank, ranks, top_items


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def of(scores: list[list[float]], relevant: list[list[int]]) -> Ranks:
    return rank(lambda: iter([np.float32(scores)]), np.array(relevant, bool))


def naive_rank(scores: np.ndarray, relevant: np.ndarray) -> tuple[int, int]:
    own = max(s for s, r in zip(scores, relevant, strict=True) if r)
    best = 1 + sum(s > own for s, r in zip(scores, relevant, strict=True) if not r)
    return best, best + sum(s == own for s, r in zip(scores, relevant, strict=True) if not r)


def naive_measures(places: list[int], k: int) -> list[float]:
    """hit@k, recall@k, AP, nDCG@k and first rank of relevant items at these places, from 1."""
    within = [p for p in places if p <= k]
    ideal = sum(1 / np.log2(i + 1) for i in range(1, min(k, len(places)) + 1))
    return [
        float(bool(within)),
        len(within) / len(places),
        float(np.mean([(i + 1) / p for i, p in enumerate(sorted(places))])),
        sum(1 / np.log2(p + 1) for p in within) / ideal,
        min(places),
    ]


def measures(found: Ranks, k: int) -> list[float]:
    per_query = (
        found.hit_at(k),
        found.recall_at(k),
        found.average_precision(),
        found.ndcg_at(k),
        found.expected,
    )
    return [float(values[0]) for values in per_query]


@pytest.mark.parametrize("block", [1, 3, 1000])
def test_ranks_equal_a_naive_count(block: int) -> None:
    rng = np.random.default_rng(0)
    queries, items = unit(rng.normal(size=(20, 6))), unit(rng.normal(size=(15, 6)).round(0) + 0.1)
    relevant = rng.random((20, 15)) < 0.2
    relevant[:, 0] |= ~relevant.any(1)
    found = ranks(queries, items, relevant, block)
    expected = [naive_rank(row, r) for row, r in zip(queries @ items.T, relevant, strict=True)]
    assert list(zip(found.best, found.worst, strict=True)) == expected


@pytest.mark.parametrize("seed", range(30))
def test_tied_measures_are_means_over_every_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 3, 6).astype(np.float32)
    relevant = rng.random(6) < 0.5
    relevant[rng.integers(6)] = True
    found, k = of([scores], [relevant]), int(rng.integers(1, 7))
    orders = [
        order
        for order in itertools.permutations(range(6))
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order))
    ]
    each = [naive_measures([i + 1 for i, item in enumerate(o) if relevant[item]], k) for o in orders]
    assert measures(found, k) == pytest.approx(np.mean(each, axis=0))
    assert measures(found.by_rule("optimistic"), k) == pytest.approx(
        naive_measures(places(scores, relevant, 1), k)
    )
    assert measures(found.by_rule("pessimistic"), k) == pytest.approx(
        naive_measures(places(scores, relevant, -1), k)
    )


def places(scores: np.ndarray, relevant: np.ndarray, favour: int) -> list[int]:
    """Places of the relevant items when they go before (1) or after (-1) others of their score."""
    order = np.lexsort((-favour * relevant, -scores))
    return [i + 1 for i, item in enumerate(order) if relevant[item]]


def test_a_worked_example_of_each_measure() -> None:
    """Relevant at places 2 and 4 of 5: AP (1/2 + 2/4) / 2, DCG@3 1/log2(3) over 1 + 1/log2(3)."""
    found = of([[5, 4, 3, 2, 1]], [[0, 1, 0, 1, 0]])
    assert (found.best[0], found.worst[0], found.expected[0]) == (2, 2, 2)
    assert [found.hit_at(k)[0] for k in (1, 2, 3)] == [0, 1, 1]
    assert [found.recall_at(k)[0] for k in (1, 2, 4)] == [0, 0.5, 1]
    assert found.average_precision()[0] == pytest.approx(0.5)
    assert found.ndcg_at(3)[0] == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)))


def test_constant_scores_give_chance() -> None:
    vectors = unit(np.ones((10, 3)))
    found = ranks(vectors, vectors, np.eye(10, dtype=bool))
    assert found.hit_at(1).mean() == pytest.approx(0.1)
    assert found.hit_at(5).mean() == pytest.approx(0.5)
    assert found.expected.tolist() == [5.5] * 10
    random = ranks(unit(np.random.default_rng(0).normal(size=(10, 3))), vectors, np.eye(10, dtype=bool))
    assert random.chance().hit_at(5).mean() == pytest.approx(0.5)


@pytest.mark.parametrize("n", [7, 100, 1001])
def test_equal_items_tie_wherever_they_stand(n: int) -> None:
    rng = np.random.default_rng(n)
    queries, item = unit(rng.normal(size=(5, 300))), unit(rng.normal(size=(1, 300)))
    found = ranks(queries, np.repeat(item, n, 0), csr_array(np.eye(5, n, dtype=bool)))
    assert found.tied.tolist() == [n] * 5


def test_perfect_scores_give_one() -> None:
    vectors = np.eye(4, dtype=np.float32)
    found = ranks(vectors, vectors, np.eye(4, dtype=bool))
    assert found.hit_at(1).tolist() == found.recall_at(1).tolist() == [1, 1, 1, 1]
    assert found.average_precision() == pytest.approx([1] * 4)
    assert found.ndcg_at(10) == pytest.approx([1] * 4)


def test_what_has_no_vector_is_never_found_and_beats_nothing() -> None:
    items = np.eye(3, dtype=np.float32)
    items[1] = np.nan
    found = ranks(np.eye(3, dtype=np.float32), items, np.eye(3, dtype=bool))
    assert found.best.tolist() == [1, 4, 1]
    assert found.hit_at(50).tolist() == [1, 0, 1]
    assert found.average_precision().tolist() == pytest.approx([1, 0, 1])
    assert found.ndcg_at(10).tolist() == pytest.approx([1, 0, 1])


def test_a_query_without_a_relevant_item_is_refused() -> None:
    with pytest.raises(UsageError, match="Query 1"):
        of([[1, 2], [1, 2]], [[1, 0], [0, 0]])


def test_top_items_are_best_first_ties_by_number() -> None:
    items, scores = top_items(lambda: iter([np.float32([[1, 3, 2, 3], [0, 0, 0, 0]])]), 3)
    assert items.tolist()[0] == [1, 3, 2]
    assert scores[0].tolist() == [3, 3, 2]
    assert top_items(lambda: iter([np.float32([[2, 1]])]), 5)[0].tolist() == [[0, 1]]


def test_of_equal_items_the_first_are_the_top_ones() -> None:
    scores = np.random.default_rng(0).normal(size=(20, 5000)).round(1).astype(np.float32)
    scores[0] = 0.0
    scores[1, 3:] = -np.inf
    items, values = top_items(lambda: iter([scores]), 10)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    known = np.isfinite(values)
    assert (items[known] == order[known]).all()
    assert known.sum(1).tolist() == [10, 3, *[10] * 18]


def test_blocks_bound_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_SCORES_AT_ONCE", 100)
    vectors = unit(np.random.default_rng(0).normal(size=(40, 5)))
    assert {block.shape for block in cosine(vectors, vectors)()} == {(2, 40)}
