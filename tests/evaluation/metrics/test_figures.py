"""Figures: means in per cent with intervals and chance; ranks as they are."""

from __future__ import annotations

import numpy as np

from vlret.evaluation.metrics.figures import (
    Figure,
    class_figure,
    figure,
    figures,
    group_classes,
    sum_figure,
    top_lists,
)


def test_a_figure_is_scaled_and_rounded_to_six_digits():
    assert figure(1 / 3, (0.0, 1.0), 0.25) == Figure(33.333333, 0.0, 100.0, 25.0)
    assert figure(2.0, (1.0, 3.0), 1.5, scale=1) == Figure(2.0, 1.0, 3.0, 1.5)


def test_means_are_per_cent_and_ranks_are_not():
    values = {"hit@1": np.array([1.0, 0.0, 0.0, 1.0]), "rank": np.array([1.0, 3.0, 5.0, 1.0])}
    chance = {"hit@1": np.full(4, 0.2), "rank": np.full(4, 3.0)}
    found = figures(values, chance)
    assert list(found) == ["hit@1", "median_rank", "mean_rank"]
    assert (found["hit@1"].value, found["hit@1"].chance) == (50.0, 20.0)
    assert (found["median_rank"].value, found["mean_rank"].value, found["mean_rank"].chance) == (
        2.0,
        2.5,
        3.0,
    )


def test_queries_of_one_group_are_drawn_together():
    values, chance = {"a": np.array([1.0, 0.0])}, {"a": np.full(2, 0.5)}
    assert figures(values, chance, [0, 0])["a"] == Figure(50.0, 50.0, 50.0, 50.0)
    assert figures(values, chance, [0, 1])["a"] == Figure(50.0, 0.0, 100.0, 50.0)


def test_a_class_counts_once_whatever_its_size():
    classes = group_classes(["a", "a", "a", "b"])
    found = class_figure(np.array([1.0, 1.0, 1.0, 0.0]), np.full(4, 0.25), classes)
    assert (found.value, found.chance) == (50.0, 25.0)


def test_a_figure_of_sums():
    columns, chance = np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([[1.0, 4.0]])
    found = sum_figure(lambda sums: sums[0] / sums[1], columns, np.arange(2), chance)
    assert found == Figure(50.0, 50.0, 50.0, 25.0)


def test_top_lists_leave_out_what_has_no_score():
    scores = np.array([[0.1, 0.9, -np.inf], [-np.inf, -np.inf, -np.inf]])
    assert top_lists(lambda: iter([scores]), 2) == ([[1, 0], []], [[0.9, 0.1], []])
