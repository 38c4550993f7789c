"""Painted media and models that count what they are shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cli.stand_ins import AskedColour
from tests.conftest import ColourEmbedder
from tests.evaluation.sets import paint
from vlret.evaluation.protocol.protocol import protocol_for
from vlret.evaluation.runner import run


class Counting(ColourEmbedder):
    """A ColourEmbedder that counts the clips and texts it is given."""

    def __init__(self, name="counting", **card):
        super().__init__(name)
        self.card = replace(self.card, **card)
        self.n_texts_seen, self.shapes = 0, []

    def encode_pixels(self, clips):
        self.shapes += [clip.shape for clip in clips]
        return super().encode_pixels(clips)

    def embed_texts(self, texts):
        self.n_texts_seen += len(texts)
        return super().embed_texts(texts)


class CountingAsked(AskedColour):
    """Says yes to a red clip asked "is it red?": its answer is near the text "green" for yes and "blue" for no."""

    def __init__(self):
        super().__init__()
        self.n_predicted = 0

    def predict(self, tokens, query=None):
        self.n_predicted += len(tokens)
        return super().predict(tokens, query)


@pytest.fixture(scope="session")
def painted(tmp_path_factory):
    return paint(tmp_path_factory.mktemp("data"))


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def counting():
    return Counting()


def scores(document, model=0):
    """{(part, rerank): {figure: value}} of one model."""
    return {
        (part.name, part.rerank): {name: f.value for name, f in part.figures.items()}
        for part in document.models[model].sections
    }


def result(made, painted, cache, *models, **choices):
    return run(made, painted, models or [Counting()], protocol_for(made.card, **choices), cache=cache)
