"""Answers against scikit-learn's counts, shared ties, and worked examples."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from vlret.evaluation.metrics.accuracy import YES_NO, YesNo, membership, paired
from vlret.evaluation.metrics.ranks import rank
from vlret.evaluation.metrics.statistics import class_mean


@pytest.mark.parametrize("seed", range(5))
def test_yes_no_figures_equal_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    said, truth = rng.random(50) < 0.6, rng.random(50) < 0.5
    sums = YesNo(said.astype(float), truth).columns.sum(0)
    assert YES_NO["precision"](sums) == pytest.approx(reference.precision_score(truth, said))
    assert YES_NO["recall"](sums) == pytest.approx(reference.recall_score(truth, said))
    assert YES_NO["f1"](sums) == pytest.approx(reference.f1_score(truth, said))
    assert YES_NO["yes_rate"](sums) == pytest.approx(said.mean())


def test_yes_no_without_a_yes():
    nothing = YesNo(np.zeros(4), np.zeros(4, bool)).columns.sum(0)
    assert [figure(nothing) for figure in YES_NO.values()] == [0, 0, 0, 0]


def test_ties_between_yes_and_no_are_chance():
    sums = YesNo(np.full(10, 0.5), np.arange(10) < 5).columns.sum(0)
    assert [figure(sums) for figure in YES_NO.values()] == [0.5] * 4


@pytest.mark.parametrize("seed", range(5))
def test_class_figures_equal_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    scores, truth = rng.random((200, 9)).astype(np.float32), rng.integers(0, 9, 200)
    labels = membership([(int(label),) for label in truth], 9)
    found = rank(lambda: iter([scores]), labels)
    for k in (1, 5):
        expected = reference.top_k_accuracy_score(truth, scores, k=k)
        assert found.hit_at(k).mean() == pytest.approx(expected)
    balanced = reference.balanced_accuracy_score(truth, scores.argmax(1))
    assert class_mean(found.hit_at(1), labels) == pytest.approx(balanced)


def test_paired_is_all_right_and_in_order_of_first_sight():
    assert paired([1, 1, 0, 1, 0.5, 1], ["b", "b", "a", "a", "c", "c"]).tolist() == [1, 0, 0.5]


def test_paired_leaves_out_a_question_whose_partner_is_missing():
    assert paired([1, 1, 0], ["a", "b", "b"]).tolist() == [0]
    assert paired([1, 1], ["a", "b"]).tolist() == []


def test_membership_of_several_classes():
    assert membership([(2,), (0, 1)], 3).toarray().tolist() == [[False, False, True], [True, True, False]]
