"""The text decoder and the bank that come with vljepa-mini."""

from __future__ import annotations

import numpy as np
import pytest

import vlret
from vlret.models.captioners.registry import load_captioner
from vlret.models.registry import ASSETS
from vlret.vectors import unit_rows

FOLDER = ASSETS / "vljepa-mini"


@pytest.fixture(scope="module")
def mini():
    return vlret.load_model("vljepa-mini", dtype="float32")


def test_the_text_decoder_has_at_most_20_mb():
    assert sum(file.stat().st_size for file in (FOLDER / "decoder").iterdir()) <= 20e6


@pytest.mark.parametrize("source", ["decoder", "bank"])
def test_captions_of_the_samples_name_what_is_seen(mini, source):
    photos = ASSETS / "samples" / "photos"
    words = {"cat_face.jpg": "cat", "coffee_cup.jpg": "cup", "motorcycle.jpg": "motorcycle"}
    captions = load_captioner(source, mini).caption(mini.embed_clips([photos / name for name in words]))
    for caption, word in zip(captions, words.values(), strict=True):
        assert word in caption.text.split()
        assert caption.score > 0.5


@pytest.mark.parametrize("source", ["decoder", "bank"])
def test_most_embeddings_of_nothing_are_below_the_threshold(mini, source):
    captioner = load_captioner(source, mini)
    rows = unit_rows(np.random.default_rng(0).normal(size=(20, mini.card.dim)))
    assert captioner.unknown_threshold is not None
    scores = [caption.score for caption in captioner.caption(rows)]
    assert np.mean(np.array(scores) < captioner.unknown_threshold) > 0.8
