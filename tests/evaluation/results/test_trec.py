"""Ranking measures against TREC's own program on 1,000 random score matrices with several positives."""

from __future__ import annotations

import numpy as np
import pytest

from vlret.evaluation.metrics.ranks import Ranks, rank

pytrec_eval = pytest.importorskip("pytrec_eval")
MEASURES = {"map", "ndcg_cut_10", "recall_1,5,10", "success_1,5,10", "recip_rank"}


def reference(scores: np.ndarray, relevant: np.ndarray) -> dict[str, list[float]]:
    truth = {f"q{q}": {f"i{i:03d}": int(r) for i, r in enumerate(row)} for q, row in enumerate(relevant)}
    run = {f"q{q}": {f"i{i:03d}": float(s) for i, s in enumerate(row)} for q, row in enumerate(scores)}
    results = pytrec_eval.RelevanceEvaluator(truth, MEASURES).evaluate(run)
    names = next(iter(results.values()))
    return {name: [results[f"q{q}"][name] for q in range(len(scores))] for name in names}


def ours(found: Ranks) -> dict[str, np.ndarray]:
    cut = {f"recall_{k}": found.recall_at(k) for k in (1, 5, 10)}
    hits = {f"success_{k}": found.hit_at(k) for k in (1, 5, 10)}
    first = {"recip_rank": 1 / found.best}
    return {**cut, **hits, **first, "map": found.average_precision(), "ndcg_cut_10": found.ndcg_at(10)}


def tied_by_id(scores: np.ndarray) -> np.ndarray:
    """TREC's rule for equal scores, the later id first, as scores without ties."""
    order = np.lexsort((np.arange(scores.shape[1])[None].repeat(len(scores), 0), scores), axis=1)
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(scores.shape[1])[None], axis=1)
    return places.astype(np.float32)


def test_a_thousand_matrices_agree() -> None:
    rng = np.random.default_rng(0)
    n_tied = 0
    for _ in range(1000):
        n_queries, n_items = rng.integers(1, 6), rng.integers(2, 30)
        scores = rng.integers(0, 8, (n_queries, n_items)).astype(np.float32)
        relevant = rng.random((n_queries, n_items)) < 0.25
        relevant[np.arange(n_queries), rng.integers(0, n_items, n_queries)] = True
        n_tied += rank(lambda s=scores: iter([s]), relevant).tied.max() > 1
        found = ours(rank(lambda s=scores: iter([tied_by_id(s)]), relevant))
        for name, values in reference(scores, relevant).items():
            assert found[name] == pytest.approx(values, abs=1e-6), name
    assert n_tied > 900
