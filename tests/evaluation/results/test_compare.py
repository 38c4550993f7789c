"""Unequal protocols are refused and named; equal ones are tested query by query."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.conftest import Counting, CountingAsked
from tests.evaluation.sets import classification_set, retrieval_set, text_set, vqa_set
from vlret.errors import UsageError
from vlret.evaluation.embeddings.precomputed import PrecomputedEmbeddings
from vlret.evaluation.protocol.protocol import protocol_for
from vlret.evaluation.results.compare import compare, stamp_differences
from vlret.evaluation.results.contents import Contents
from vlret.evaluation.runner import run


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
    from vlret.evaluation.tasks.registry import task_of

    a, b = result(painted, tmp_path), result(painted, tmp_path, made=task_of(made).without({"grey"}).dataset)
    with pytest.raises(UsageError) as caught:
        compare(a, b)
    assert caught.value.code == "not_comparable"
    assert {"set.hash", "set.media"} <= set(caught.value.fields["differences"])
    with pytest.raises(UsageError, match="5 queries in one result and 4") as caught:
        compare(a, b, force=True)
    assert caught.value.code == "queries_differ"


def renamed(made):
    return replace(made, texts=["a red floor", *made.texts[1:]])


def reowned(made):
    return replace(made, owner=[*made.owner[:3], 3, 2])


def remade(made):
    return replace(made, media=[replace(made.media[0], id="rouge"), *made.media[1:]])


@pytest.mark.parametrize(
    ("made", "change", "words"),
    [
        (retrieval_set(), renamed, "Query 1 of text to video has the text 'a red wall' .* and 'a red floor'"),
        (retrieval_set(), reowned, "Query 4 of text to video has the item 'blue' .* and 'grey'"),
        (retrieval_set(), remade, "Query 1 of text to video has the item 'red' .* and 'rouge'"),
        (classification_set(), remade, "Query 1 of all has the id 'red' .* and 'rouge'"),
        (vqa_set(), remade, "Query 1 of all has the medium 'red' .* and 'rouge'"),
        (
            vqa_set(),
            lambda made: replace(made, questions=[*made.questions[:4], replace(made.questions[4], answer="red")]),
            "Query 5 of all has the answer 'green' .* and 'red'",
        ),
        (
            text_set(),
            lambda made: replace(made, triples=[replace(made.triples[0], negative="x"), *made.triples[1:]]),
            "Query 1 of all has the negative 'blue' .* and 'x'",
        ),
    ],
)  # fmt: skip
def test_as_many_other_queries_are_refused_even_by_force(painted, tmp_path, made, change, words):
    a, b = result(painted, tmp_path, made=made), result(painted, tmp_path, made=change(made))
    with pytest.raises(UsageError, match=words):
        compare(a, b, force=True)


def test_where_queries_are_not_listed_the_hash_of_the_set_decides(painted, tmp_path):
    a, b = result(painted, tmp_path), result(painted, tmp_path, made=renamed(retrieval_set()))
    b = replace(b, contents=Contents())
    with pytest.raises(UsageError, match=r"not listed, and the datasets differ: [0-9a-f]{12} and"):
        compare(a, b, force=True)
    same = result(painted, tmp_path, frames=3)
    same = replace(same, contents=Contents())
    assert len(compare(a, same, force=True)) == len(compare(same, a, force=True)) > 0


def vectors_file(tmp_path):
    """Right vectors for the painted set."""
    made, model = retrieval_set(), Counting()
    rows = [("media", one.id, np.eye(4, dtype=np.float32)[i]) for i, one in enumerate(made.media)]
    rows += [("text", text, row) for text, row in zip(made.texts, model.embed_texts(made.texts), strict=True)]
    pd.DataFrame(rows, columns=["kind", "key", "vector"]).to_parquet(tmp_path / "own.parquet")
    return tmp_path / "own.parquet"


def test_what_is_not_known_of_vectors_does_not_stop_their_comparison_with_a_model(painted, tmp_path):
    document = result(
        painted, tmp_path, PrecomputedEmbeddings(vectors_file(tmp_path)), Counting(), query="what?"
    )
    assert {(c.first, c.second) for c in compare(document, document)} == {("own", "counting")}
    found = [d for d in stamp_differences(document, document) if d.name.startswith(("protocol.", "set."))]
    assert [d.name.partition(".")[2] for d in found] == [
        "frames",
        "sampling",
        "resize",
        "query",
        "media_hash",
    ]
    assert not any(d.matters for d in found)
    assert found[0].line() == "unknown for precomputed embeddings: protocol.frames: None and 2"
    assert found[-1].line().startswith("unknown for precomputed embeddings: content of the media files")


def test_what_is_not_known_stops_the_comparison_of_two_results(painted, tmp_path):
    a = result(painted, tmp_path, PrecomputedEmbeddings(vectors_file(tmp_path)))
    with pytest.raises(UsageError, match=r"protocol\.frames: None and 2"):
        compare(a, result(painted, tmp_path))


def test_a_medium_replaced_under_its_name_stops_it(painted, tmp_path):
    folder = shutil.copytree(painted, tmp_path / "other")
    shutil.copy(folder / "turn.mp4", folder / "grey.mp4")
    a, b, same = (
        result(data, tmp_path) for data in (painted, folder, shutil.copytree(painted, tmp_path / "x"))
    )
    with pytest.raises(
        UsageError, match=r"not comparable: content of the media files \(set\.media_hash\): '"
    ):
        compare(a, b)
    assert compare(a, b, force=True)
    assert compare(a, same)  # the same files in another folder


def test_what_is_missing_matters_and_not_whether_it_may_be(painted, tmp_path):
    a, b = result(painted, tmp_path), result(painted, tmp_path, allow_missing=True)
    assert compare(a, b)
    assert [d.line() for d in stamp_differences(a, b)] == ["differs: protocol.allow_missing: False and True"]
    made = retrieval_set()
    gone = replace(made, media=[*made.media[:3], replace(made.media[3], files=("gone.mp4",))])
    with pytest.raises(UsageError, match=r"set\.missing: \[\] and \['grey'\]"):
        compare(b, result(painted, tmp_path, made=gone, allow_missing=True))


def test_one_model_alone_is_refused(painted, tmp_path):
    document = result(painted, tmp_path)
    with pytest.raises(UsageError) as caught:
        compare(document, document)
    assert (caught.value.code, caught.value.fields["model"]) == ("single_model", "counting")


def test_other_tasks_have_nothing_in_common(painted, tmp_path):
    a, b = result(painted, tmp_path), result(painted, tmp_path, made=classification_set())
    with pytest.raises(UsageError) as caught:
        compare(a, b, force=True)
    assert caught.value.code == "nothing_in_common"


def test_models_differ_by_nature(painted, tmp_path):
    a, b = result(painted, tmp_path), result(painted, tmp_path, Counting("b", weights_hash="1" * 64))
    assert [(d.name, d.matters) for d in stamp_differences(a, b)] == [
        ("model.name", False), ("model.weights_hash", False),
    ]  # fmt: skip


def test_parts_of_one_video_are_one_thing_to_swap(painted, tmp_path):
    made = retrieval_set()
    made = replace(made, media=[replace(medium, group="a") for medium in made.media])
    document = result(painted, tmp_path, Counting(), Wrong("wrong"), made=made)
    assert {comparison.paired.p_value for comparison in compare(document, document)} == {1.0}


def test_what_cannot_be_decoded_is_wrong_for_vectors_made_elsewhere_too(painted, tmp_path):
    folder = shutil.copytree(painted, tmp_path / "part")
    (folder / "red.mp4").write_bytes(b"\0" * 500)
    made = retrieval_set()
    rows = [("media", one.id, row) for one, row in zip(made.media, np.eye(4), strict=True)]
    rows += [("text", text, np.eye(4)[owner]) for text, owner in zip(made.texts, made.owner, strict=True)]
    pd.DataFrame(rows, columns=["kind", "key", "vector"]).to_parquet(tmp_path / "a.parquet")
    document = result(folder, tmp_path, Counting(), PrecomputedEmbeddings(tmp_path / "a.parquet"))
    ours, theirs = (model.sections[0].figures["hit@1"].value for model in document.models)
    assert ours == theirs < 100
