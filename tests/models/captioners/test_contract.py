"""The contract of `Captioner`, over every captioner: a new one is a case here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from tests.conftest import COLOURS, ColourEmbedder
from tests.models.captioners.tiny_decoder import write_decoder
from tests.refusal import refused
from vlret.models.captioners.bank import embed_bank
from vlret.models.captioners.base import Captioner
from vlret.models.captioners.generative import GenerativeCaptioner
from vlret.models.captioners.retrieval import RetrievalCaptioner
from vlret.vectors import unit_rows


def retrieval() -> Captioner:
    return RetrievalCaptioner(
        embed_bank([f"something {name}" for name in COLOURS], ColourEmbedder(), "colours")
    )


def generative() -> Captioner:
    folder = write_decoder(Path(mkdtemp()))
    return GenerativeCaptioner(folder, ColourEmbedder())


CAPTIONERS: dict[str, Callable[[], Captioner]] = {"retrieval": retrieval, "generative": generative}


@pytest.fixture(scope="module", params=CAPTIONERS.values(), ids=list(CAPTIONERS))
def captioner(request) -> Captioner:
    """Each reads the four dimensions of `ColourEmbedder`."""
    return request.param()


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return unit_rows(np.random.default_rng(1).normal(size=(67, 4)))


def test_one_caption_a_row(captioner, rows):
    captions = captioner.caption(rows)
    assert len(captions) == len(rows)
    for caption in captions:
        assert isinstance(caption.text, str)
        assert caption.text == caption.text.strip()
        assert isinstance(caption.score, float)
        assert -1.0001 <= caption.score <= 1.0001


def test_a_caption_does_not_depend_on_the_batch(captioner, rows):
    together = captioner.caption(rows)
    alone = [captioner.caption(row[None])[0] for row in rows]
    assert [caption.text for caption in together] == [caption.text for caption in alone]
    assert [caption.score for caption in together] == pytest.approx([caption.score for caption in alone])


def test_captions_are_in_the_order_of_their_rows(captioner, rows):
    order = np.random.default_rng(2).permutation(len(rows))
    texts = [caption.text for caption in captioner.caption(rows)]
    assert [caption.text for caption in captioner.caption(rows[order])] == [texts[place] for place in order]


def test_the_same_rows_give_the_same_captions(captioner, rows):
    assert captioner.caption(rows) == captioner.caption(rows)


def test_the_score_is_the_cosine_of_the_text_and_the_row(captioner, rows):
    captions = captioner.caption(rows)
    texts = ColourEmbedder().embed_texts([caption.text for caption in captions])
    expected = (texts * rows).sum(axis=1)
    assert [caption.score for caption in captions] == pytest.approx(list(expected), abs=1e-4)


def test_no_rows_give_no_captions(captioner):
    assert captioner.caption(np.empty((0, 4), np.float32)) == []


def test_the_rows_are_not_changed(captioner, rows):
    given = rows * np.float32(2)
    captioner.caption(given)
    assert np.array_equal(given, rows * np.float32(2))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (np.ones((2, 5), np.float32), "vector_shape"),
        (np.ones(4, np.float32), "vector_shape"),
        (np.zeros((1, 4), np.float32), "vector_not_unit"),
        (np.full((1, 4), np.nan, np.float32), "vector_not_unit"),
        ([[1.0, 0.0, 0.0, 0.0]], "wrong_type"),
        (np.array([["a", "b", "c", "d"]]), "wrong_type"),
    ],
)
def test_what_is_no_batch_of_embeddings_is_refused(captioner, given, code):
    with refused(code):
        captioner.caption(given)


def test_it_says_what_it_is(captioner):
    assert captioner.name
    assert captioner.revision
    assert captioner.space == ColourEmbedder().card.weights_hash
    assert captioner.unknown_threshold is None or -1 <= captioner.unknown_threshold <= 1
