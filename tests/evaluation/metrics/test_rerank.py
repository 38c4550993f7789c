"""Re-ranking against the formulas written down over the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from vlret.evaluation.metrics.ranks import rank
from vlret.evaluation.metrics.rerank import RERANKERS

SCORES = np.random.default_rng(0).normal(0.2, 0.1, (9, 6)).astype(np.float32)


def blocks():
    return iter([SCORES[:4], SCORES[4:]])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dual_softmax", SCORES * softmax(SCORES / np.float64(0.01), axis=0)),
        ("pe_reweighting", SCORES * softmax(SCORES.astype(np.float64), axis=0)),
        ("qb_norm", np.log(softmax(20.0 * SCORES.astype(np.float64), axis=0))),
    ],
)
def test_equals_the_formula(name, expected):
    found = np.concatenate(list(RERANKERS[name](blocks, 0.01)()))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("name", list(RERANKERS))
def test_constant_scores_stay_constant(name):
    scores = np.full((5, 5), 0.3, np.float32)
    found = rank(RERANKERS[name](lambda: iter([scores]), 0.01), np.eye(5, dtype=bool))
    assert found.hit_at(1).tolist() == pytest.approx([0.2] * 5)


@pytest.mark.parametrize("name", list(RERANKERS))
def test_what_has_no_vector_stays_without_a_score(name):
    scores = SCORES.copy()
    scores[:, 1] = scores[2] = -np.inf
    found = np.concatenate(list(RERANKERS[name](lambda: iter([scores]), 0.01)()))
    assert (np.isfinite(found) == np.isfinite(scores)).all()
    without = np.delete(np.delete(scores, 1, 1), 2, 0)
    plain = np.concatenate(list(RERANKERS[name](lambda: iter([without]), 0.01)()))
    np.testing.assert_allclose(np.delete(np.delete(found, 1, 1), 2, 0), plain)


def test_an_item_that_all_queries_like_is_held_back():
    scores = np.float32([[0.5, 0.4, 0.0], [0.5, 0.0, 0.4], [0.9, 0.0, 0.0]])
    relevant = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]], bool)
    assert rank(lambda: iter([scores]), relevant).hit_at(1).tolist() == [0, 0, 1]
    changed = RERANKERS["dual_softmax"](lambda: iter([scores]), 0.1)
    assert rank(changed, relevant).hit_at(1).tolist() == [1, 1, 1]
