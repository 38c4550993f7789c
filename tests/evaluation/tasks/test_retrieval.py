"""Retrieval: figures by hand, re-ranking, and texts cut to one length."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from tests.evaluation.conftest import Counting, result, scores
from tests.evaluation.sets import retrieval_set
from vlret.evaluation.embeddings import decode_media
from vlret.evaluation.embeddings.precomputed import PrecomputedEmbeddings
from vlret.evaluation.metrics.figures import Figure


def test_retrieval_of_colours(painted, cache):
    document = result(retrieval_set(), painted, cache)
    found = scores(document)
    assert found["text to video", "none"]["hit@1"] == 100
    assert found["video to text", "none"]["hit@1"] == 100
    assert found["video to text", "none"]["recall@1"] == pytest.approx(100 * (0.5 + 3) / 4)
    figure = document.models[0].sections[0].figures["hit@1"]
    assert figure == Figure(100, 100, 100, 25)
    per_query = document.models[0].sections[0].per_query
    assert per_query.best == per_query.worst == (1,) * 5
    assert [row[0] for row in per_query.top] == [0, 0, 1, 2, 3]


def test_reranking_stands_beside_and_says_what_it_uses(painted, cache):
    document = result(retrieval_set(), painted, cache, rerank=("pe_reweighting",))
    parts = [(part.rerank, part.uses_test_queries) for part in document.models[0].sections]
    assert parts == [("none", False), ("pe_reweighting", True)] * 2


def test_texts_are_truncated_alike(painted, cache):
    made = retrieval_set()
    long = replace(made, texts=[f"{'very ' * 30}{text}" for text in made.texts])
    model = Counting()
    document = result(long, painted, cache, model, text_tokens=12, rerank=("qb_norm",))
    parts, found = document.models[0].sections, scores(document)
    assert [(part.name, part.rerank, part.text_tokens) for part in parts] == [
        ("text to video", "none", None),
        ("text to video", "qb_norm", None),
        ("video to text", "none", None),
        ("video to text", "qb_norm", None),
        ("text to video, texts cut to 12 tokens", "none", 12),
        ("video to text, texts cut to 12 tokens", "none", 12),
    ]
    assert found["text to video", "none"]["hit@1"] == 100
    # five times "very very ...": always one video
    assert found["text to video, texts cut to 12 tokens", "none"]["hit@1"] == 20
    assert document.models[0].texts_cut == 4  # of the whole texts
    assert document.models[0].stamp.protocol["text_tokens"] == 12
    assert (model.n_clips_seen, model.n_texts_seen) == (4, 5)  # four texts, which are one when cut


def test_truncated_texts_need_no_decoding(painted, cache, monkeypatch):
    whole = result(retrieval_set(), painted, cache)
    monkeypatch.setattr(decode_media, "DecodePool", None)
    model = Counting()
    document = result(retrieval_set(), painted, cache, model, text_tokens=4)  # "a red": nothing is lost
    assert model.n_clips_seen == 0
    assert document.models[0].sections[:2] == whole.models[0].sections
    plain, cut = (
        scores(document)[name, "none"] for name in ("text to video", "text to video, texts cut to 4 tokens")
    )
    assert plain == cut


def test_precomputed_embeddings_have_no_truncated_texts(painted, cache, tmp_path):
    made = retrieval_set()
    rows = [("media", one.id, [1.0, 0.0]) for one in made.media] + [
        ("text", t, [1.0, 0.0]) for t in made.texts
    ]
    pd.DataFrame(rows, columns=["kind", "key", "vector"]).to_parquet(tmp_path / "a.parquet")
    document = result(
        made, painted, cache, PrecomputedEmbeddings(tmp_path / "a.parquet"), Counting(), text_tokens=4
    )
    assert [len(model.sections) for model in document.models] == [2, 4]
    assert document.models[0].no_vector_texts == ()
    assert [model.stamp.set["media_hash"] is None for model in document.models] == [True, False]
