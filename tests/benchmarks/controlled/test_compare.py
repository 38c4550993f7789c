"""A whole comparison in a few dimensions, its figures, its table and its picture."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.controlled import compare
from benchmarks.controlled.compare import Run
from benchmarks.controlled.cost import costs, median_ms
from benchmarks.controlled.evaluate import Items, Labelled, label_ranks
from benchmarks.controlled.figure import PANELS, draw
from benchmarks.controlled.models import TOKEN_MODEL, VL_JEPA
from benchmarks.controlled.report import result_of, table
from tests.benchmarks.controlled.conftest import RECIPE, THINGS, kind


def items(seed):
    photographs, clips = kind(16, 4, seed), kind(9, 16, seed + 1)
    truth = np.arange(16) % len(THINGS)
    labelled = Labelled(photographs.tokens, truth, list(THINGS))
    names = ("caltech101", "imagenet_sample", "actions")
    return Items({"photographs": photographs, "clips": clips}, dict.fromkeys(names, labelled))


def test_a_comparison_scores_both_models_at_every_checkpoint_and_resumes(workshop, tmp_path, monkeypatch):
    run = Run(workshop, items(5), items(8), tmp_path / "tiny")
    first, result = run.results()
    assert [len(points) for points in first["curves"][VL_JEPA].values()] == [1] * len(first["differences"])
    assert result["parameters"].keys() == {VL_JEPA, TOKEN_MODEL}
    for of_kind in result["curves"].values():
        assert of_kind.keys() >= PANELS.keys()
        for points in of_kind.values():
            assert [len(point["seeds"]) for point in points] == [2, 2]
            assert all(point["low"] <= point["mean"] <= point["high"] for point in points)
    for chosen in result["chosen"].values():
        assert list(chosen["dev_cider"]) == ["0.001", "0.01"]
        assert chosen["rate"] == float(max(chosen["dev_cider"], key=chosen["dev_cider"].get))
        assert chosen["dev_top5"][chosen["template"]] == max(chosen["dev_top5"].values())
    monkeypatch.setattr(compare, "train", None)  # nothing is trained again
    assert list(run.results()) == [first, result]
    assert json.loads(json.dumps(result))["schema"] == 1
    for each in (first, result):
        assert len(draw(json.loads(json.dumps(each))).axes) == 8


class Fixed:
    """Scores that are known."""

    def chooser(self, names, template):
        return lambda tokens: np.array([[3.0, 2, 1], [3, 2, 1], [2, 2, 1]])


def test_a_rank_counts_the_names_that_score_as_high():
    labelled = Labelled(np.zeros((3, 1, 1), np.float16), np.array([0, 2, 1]), ["a", "b", "c"])
    assert label_ranks(Fixed(), labelled, "{}").tolist() == [0, 2, 1]


def test_a_point_is_a_mean_over_items_and_seeds_and_the_difference_is_paired():
    first = [[{"top1/x": np.array([1.0, 0, 1, 1])}], [{"top1/x": np.array([1.0, 1, 1, 0])}]]
    second = [[{"top1/x": np.array([0.0, 0, 0, 1])}], [{"top1/x": np.array([0.0, 0, 0, 0])}]]
    result = result_of(RECIPE, {"a": 2_000_000, "b": 4_000_000}, {}, {"a": first, "b": second})
    (point,) = result["curves"]["a"]["top1/x"]
    assert point["mean"] == pytest.approx(0.75)
    assert point["seeds"] == [0.75, 0.75]
    (difference,) = result["differences"]["top1/x"]
    assert difference["mean"] == pytest.approx(0.75 - 0.125)
    lines = table(result).splitlines()
    assert lines[0] == "| pairs seen | | 16 |"
    assert lines[2].startswith("| top1/x | a | 75.0 (")
    assert lines[3].startswith("| top1/x | b | 12.5 (")
    assert lines[7] == "| trainable parameters | 2.00 M | 4.00 M | |"
    assert lines[8].startswith("| top1/x | 75.0 (")
    assert "| 62.5 (" in lines[8]


def test_costs_are_of_one_item_at_a_time():
    seen = []

    class Reader:
        def captions(self, tokens):
            seen.append(("caption", tokens.shape))

        def chooser(self, names, template):
            return lambda tokens: seen.append((len(names), tokens.shape))

    sets = {"a": Labelled(np.zeros((5, 4, 3), np.float16), np.zeros(5, int), ["x", "y"])}
    assert list(costs(Reader(), sets)) == ["caption", "label of 2 (a)"]
    assert seen == [("caption", (1, 4, 3))] * 5 + [(2, (1, 4, 3))] * 5


def test_a_cost_is_a_median_without_the_first_quarter(monkeypatch):
    clock = iter([0, 9, 10, 12, 20, 23, 30, 34])  # 9, 2, 3 and 4 seconds
    monkeypatch.setattr("benchmarks.controlled.cost.perf_counter", lambda: next(clock))
    assert median_ms(lambda item: None, range(4)) == 3000
