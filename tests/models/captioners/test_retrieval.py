"""`RetrievalCaptioner`: exact search, ties, many sentences."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from vlret.models.captioners import retrieval
from vlret.models.captioners.bank import Bank
from vlret.models.captioners.retrieval import RetrievalCaptioner
from vlret.vectors import unit_rows


@pytest.mark.parametrize("at_once", [1, 100, 2**24])
def test_it_finds_what_a_full_sort_finds(monkeypatch, at_once):
    monkeypatch.setattr(retrieval, "_SCORES_AT_ONCE", at_once)
    random = np.random.default_rng(3)
    vectors = unit_rows(random.normal(size=(500, 8)))
    rows = unit_rows(random.normal(size=(40, 8)))
    captions = RetrievalCaptioner(Bank("b", [str(n) for n in range(500)], vectors, "s")).caption(rows)
    for row, caption in zip(rows.astype(float), captions, strict=True):
        scores = vectors.astype(float) @ row
        assert int(caption.text) == int(scores.argmax())
        assert caption.score == pytest.approx(scores.max(), abs=1e-6)


def test_of_equal_sentences_the_first_is_chosen():
    vectors = np.repeat(unit_rows(np.random.default_rng(4).normal(size=(3, 16))), 7, axis=0)
    captioner = RetrievalCaptioner(Bank("b", [str(n) for n in range(21)], vectors, "s"))
    for n_rows in (1, 5, 64):
        captions = captioner.caption(np.repeat(vectors[8:9], n_rows, axis=0))
        assert {caption.text for caption in captions} == {"7"}


def test_a_bank_of_equal_vectors_takes_no_more_memory():
    vectors = np.full((200_000, 16), 0.25, np.float32)
    captioner = RetrievalCaptioner(Bank("b", ["a"] * len(vectors), vectors, "s"))
    tracemalloc.start()
    captioner.caption(vectors[:1])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5_000_000


def test_name_space_and_threshold_are_those_of_the_bank():
    captioner = RetrievalCaptioner(Bank("mine", ["a"], np.ones((1, 1), np.float32), "space", 0.25))
    assert (captioner.name, captioner.space, captioner.unknown_threshold) == ("mine", "space", 0.25)
