"""Custom models and precomputed embeddings score as the model itself does."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.conftest import Counting
from tests.evaluation.sets import NAMES, classification_set, media, retrieval_set, text_set, vqa_set
from tests.refusal import refused
from vlret.errors import UsageError
from vlret.evaluation.embeddings.precomputed import PrecomputedEmbeddings
from vlret.evaluation.protocol.protocol import protocol_for
from vlret.evaluation.runner import run
from vlret.models.registry import load_model

CLASS = """
from tests.conftest import ColourEmbedder

class Mine(ColourEmbedder):
    def __init__(self):
        super().__init__("mine")
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "mine_of_tests.py").write_text(CLASS)
    monkeypatch.chdir(tmp_path)


def test_changed_code_is_encoded_anew(module, tmp_path, painted, cache, monkeypatch):
    made = retrieval_set()

    def score(text):
        (tmp_path / "mine_of_tests.py").write_text(text)
        sys.modules.pop("mine_of_tests", None)
        importlib.invalidate_caches()
        model = load_model("mine_of_tests:Mine")
        document = run(made, painted, [model], protocol_for(made.card), cache=cache)
        return document.models[0].cost.clips

    assert [score(CLASS), score(CLASS), score(f"# better\n{CLASS}")] == [4, 0, 4]


def store(path, painted, texts, clips, leave_out=()):
    model = Counting()
    rows = [("text", text, row) for text, row in zip(texts, model.embed_texts(texts), strict=True)]
    vectors = model.embed_clips([painted / m.files[-1] for m in clips], n_frames=2)
    rows += [("media", m.id, row) for m, row in zip(clips, vectors, strict=True)]
    kept = [(kind, key, 3 * row) for kind, key, row in rows if key not in leave_out]
    pd.DataFrame(kept, columns=["kind", "key", "vector"]).to_parquet(path)
    return PrecomputedEmbeddings(path)


def test_precomputed_embeddings_score_as_their_model(painted, tmp_path, cache):
    made = retrieval_set()
    stored = store(tmp_path / "elsewhere.parquet", painted, list(dict.fromkeys(made.texts)), made.media)
    document = run(made, painted, [Counting(), stored], protocol_for(made.card), cache=cache)
    ours, theirs = document.models
    assert theirs.name == "elsewhere"
    assert [part.figures for part in ours.sections] == [part.figures for part in theirs.sections]
    assert theirs.stamp.protocol["frames"] is None
    assert len(theirs.stamp.model["weights_hash"]) == 64
    alone = run(made, None, [stored], protocol_for(made.card), cache=cache)
    assert alone.models[0].sections == theirs.sections
    assert alone.items[0].path is None


def test_what_the_file_lacks_is_wrong(painted, tmp_path, cache):
    made = retrieval_set()
    texts = list(dict.fromkeys(made.texts))
    stored = store(tmp_path / "a.parquet", painted, texts, made.media, leave_out=("red", "a grey wall"))
    document = run(made, None, [stored], protocol_for(made.card), cache=cache)
    assert document.models[0].no_vector == ("red",)
    assert document.models[0].sections[0].figures["hit@1"].value == 40


def test_classes_and_triples_from_a_file(painted, tmp_path, cache):
    made = classification_set()
    clips = media(*NAMES)
    stored = store(tmp_path / "a.parquet", painted, NAMES, clips)
    document = run(made, None, [stored], protocol_for(made.card), cache=cache)
    assert document.models[0].sections[0].figures["top-1"].value == pytest.approx(400 / 6, abs=1e-4)
    texts = [text for t in text_set().triples for text in (t.first, t.second, t.negative)]
    stored = store(tmp_path / "b.parquet", painted, list(dict.fromkeys(texts)), clips)
    found = run(text_set(), None, [stored], protocol_for(text_set().card), cache=cache)
    assert found.models[0].sections[0].figures["accuracy"].value == pytest.approx(200 / 3, abs=1e-4)


def test_questions_need_a_model(painted, tmp_path, cache):
    stored = store(tmp_path / "a.parquet", painted, NAMES, media(*NAMES))
    with refused("questions_need_model"):
        run(vqa_set(), painted, [stored], protocol_for(vqa_set().card), cache=cache)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"kind": ["text"], "key": ["a"]}, "no vector"),
        ({"kind": [], "key": [], "vector": []}, "no rows"),
        (
            {"kind": ["text"] * 2, "key": ["a", "b"], "vector": [[1.0], [1.0, 2.0]]},
            "row 2: it has 2 numbers, row 1",
        ),
        ({"kind": ["text", "image"]}, "row 2: the kind is 'image'"),
        ({"kind": ["text", None]}, "row 2: the kind is (None|nan)"),
        ({"key": ["a", None]}, "row 2: the key is (None|nan)"),
        ({"key": [7, 8]}, "row 1: the key is 7"),
        ({"key": ["a", "a"]}, "row 2: the text 'a' has another vector in row 1"),
        ({"vector": [1.0, 2.0]}, r"row 1: the vector is 1\.0, not a list of numbers"),
        ({"vector": [[1.0], None]}, "row 2: the vector is None"),
        ({"vector": ["one", "two"]}, "row 1: the vector is 'one'"),
        ({"vector": [["1"], ["2"]]}, r"row 1: the vector is array\(\['1'\]"),
        ({"vector": [[], []]}, r"row 1: the vector is array\(\[\]"),
        ({"vector": [[[1.0], [2.0]], [[1.0], [2.0]]]}, r"row 1: the vector is array\("),
        ({"vector": [[1.0], [float("nan")]]}, "row 2: the vector has no direction"),
        ({"vector": [[1.0], [float("inf")]]}, "row 2: the vector has no direction"),
        ({"vector": [[1.0, 0.0], [0.0, 0.0]]}, "row 2: the vector has no direction"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, table, reason):
    usual = {"kind": ["text"] * 2, "key": ["a", "b"], "vector": [[1.0, 0.0], [0.0, 1.0]]}
    pd.DataFrame(table if "kind" in table and "key" in table else usual | table).to_parquet(
        tmp_path / "a.parquet"
    )
    with pytest.raises(UsageError, match=reason):
        PrecomputedEmbeddings(tmp_path / "a.parquet")


def test_whole_numbers_and_any_size_are_vectors(tmp_path):
    table = {
        "kind": ["text"] * 3,
        "key": ["a", "b", "c"],
        "vector": [[3.0, 4.0], [3e-30, 4e-30], [3e200, 4e200]],
    }
    pd.DataFrame(table).to_parquet(tmp_path / "a.parquet")
    assert PrecomputedEmbeddings(tmp_path / "a.parquet").texts(["a", "b", "c"]) == pytest.approx(
        np.tile([0.6, 0.8], (3, 1))
    )
    pd.DataFrame({"kind": ["text"], "key": ["a"], "vector": [[3, 4]]}).to_parquet(tmp_path / "b.parquet")
    assert PrecomputedEmbeddings(tmp_path / "b.parquet").texts(["a"]) == pytest.approx(np.array([[0.6, 0.8]]))


def test_a_row_may_stand_there_twice(tmp_path):
    pd.DataFrame({"kind": ["text"] * 2, "key": ["a"] * 2, "vector": [[3.0, 4.0]] * 2}).to_parquet(
        tmp_path / "a.parquet"
    )
    assert PrecomputedEmbeddings(tmp_path / "a.parquet").texts(["a"]).shape == (1, 2)


def test_texts_without_an_embedding_are_listed(painted, tmp_path):
    stored = store(tmp_path / "a.parquet", painted, NAMES, media(*NAMES))
    stored.texts(["red", "pink", "green"])
    stored.texts(["teal", "pink"])
    assert list(stored.missing_texts) == ["pink", "teal"]


def test_a_file_of_another_set_is_refused(painted, tmp_path):
    stored = store(tmp_path / "a.parquet", painted, NAMES, media(*NAMES))
    stored.require_some("media", ["none", "red"])
    stored.require_some("text", [])
    with pytest.raises(
        UsageError, match=r"none of the 2 texts of the dataset, such as 'pink'.*readable name"
    ):
        stored.require_some("text", ["pink", "teal", "pink"])
    with pytest.raises(UsageError, match=r"none of the 1 media of the dataset, such as 'red\.mp4'"):
        stored.require_some("media", ["red.mp4"])


def test_no_parquet_at_all(tmp_path):
    (tmp_path / "a.parquet").write_text("no")
    for name, code in (("a.parquet", "not_parquet"), ("none.parquet", "file_missing")):
        with refused(code):
            PrecomputedEmbeddings(tmp_path / name)
