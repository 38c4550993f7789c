"""Unequal protocols are refused and named; equal ones are tested query by query."""

from __future__ import annotations

import json

import pytest

from tests.evaluation.conftest import Counting, CountingAsked
from tests.evaluation.sets import classification_set, retrieval_set
from vlret.errors import UsageError
from vlret.evaluation.compare import compare, read_result, stamp_differences
from vlret.evaluation.run import protocol_for, run
from vlret.evaluation.table import comparison_table


class Wrong(Counting):
    """Sees red as blue."""

    def predict(self, tokens, query=None):
        return super().predict(tokens)[:, [2, 1, 0, 3]]


def result(painted, tmp_path, *models, made=None, **choices):
    made = made or retrieval_set()
    return run(
        made, painted, models or [Counting()], protocol_for(made.card, **choices), cache=tmp_path / "c"
    )


def test_two_models_on_the_same_queries(painted, tmp_path):
    a, b = result(painted, tmp_path), result(painted, tmp_path, Wrong("wrong"))
    found = {(c.part, c.figure): c for c in compare(a, b)}
    one = found["text to video", "hit@1"]
    assert (one.first, one.second, one.values) == ("counting", "wrong", (100, 40))
    assert one.paired.difference == pytest.approx(60)
    assert one.paired.low < 60 <= one.paired.high
    assert one.paired.p_value == pytest.approx(0.5)  # two videos of four differ: 2 of 4 swaps are as far
    assert found["text to video", "mean_rank"].paired.difference < 0
    assert "counting - wrong" in comparison_table(list(found.values()))


def test_models_of_one_result(painted, tmp_path):
    document = result(painted, tmp_path, Counting("a"), Counting("b"), CountingAsked())
    found = compare(document, document)
    assert {(c.first, c.second) for c in found} == {("a", "b"), ("a", "asked"), ("b", "asked")}
    assert all(c.paired.difference == 0 and c.paired.p_value == 1 for c in found)


@pytest.mark.parametrize(
    ("choices", "name"),
    [
        ({"frames": 3}, "protocol.frames: 2 and 3"),
        ({"resize": "squash"}, "protocol.resize: 'model' and 'squash'"),
        ({"split": "val"}, "protocol.split: 'test' and 'val'"),
        ({"ties": "optimistic"}, "protocol.ties: 'expected' and 'optimistic'"),
        ({"rerank": ("dual_softmax",)}, r"protocol.rerank: \[\] and \['dual_softmax'\]"),
    ],
)
def test_a_difference_that_matters_stops_it(painted, tmp_path, choices, name):
    a, b = result(painted, tmp_path), result(painted, tmp_path, **choices)
    with pytest.raises(UsageError, match=name):
        compare(a, b)
    assert compare(a, b, force=True)


def test_other_queries_are_refused_even_by_force(painted, tmp_path):
    made = retrieval_set()
    from vlret.evaluation.subset import without

    a, b = result(painted, tmp_path), result(painted, tmp_path, made=without(made, {"grey"}))
    with pytest.raises(UsageError, match=r"set\.hash"):
        compare(a, b)
    with pytest.raises(UsageError, match="5 queries in one result and 4"):
        compare(a, b, force=True)


def test_other_tasks_have_nothing_in_common(painted, tmp_path):
    a, b = result(painted, tmp_path), result(painted, tmp_path, made=classification_set())
    with pytest.raises(UsageError, match="not comparable"):
        compare(a, b)
    assert compare(a, b, force=True) == []


def test_models_differ_by_nature(painted, tmp_path):
    a, b = result(painted, tmp_path), result(painted, tmp_path, Counting("b", weights_hash="1" * 64))
    assert [(d.name, d.matters) for d in stamp_differences(a, b)] == [
        ("model.name", False), ("model.weights_hash", False),
    ]  # fmt: skip


def test_a_result_is_read_from_file_or_folder(painted, tmp_path):
    document = result(painted, tmp_path)
    (tmp_path / "result.json").write_text(json.dumps(document))
    assert read_result(tmp_path) == read_result(tmp_path / "result.json") == document


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"models": []}', "[1]"])
def test_anything_else_is_no_result(tmp_path, text):
    file = tmp_path / "a.json"
    file.write_text(text)
    with pytest.raises(UsageError, match="no result"):
        read_result(file)
    with pytest.raises(UsageError, match="no result"):
        read_result(tmp_path / "none.json")
