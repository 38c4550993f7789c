"""A complete custom model: the mean colour of a clip, and of the colours that a text names.

Run in this directory:

    vlret index ~/Pictures --model mean_colour:MeanColour --out indexes/colours
    vlret search indexes/colours "red and blue" --model mean_colour:MeanColour
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from vlret.errors import UsageError
from vlret.models.base import Embedder, ModelCard
from vlret.models.inputs import pixel_list, text_list
from vlret.types import Pixels, Tokens, Vectors
from vlret.vectors import unit_rows

COLOURS = {"black": (0, 0, 0), "white": (1, 1, 1), "red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}


class MeanColour(Embedder):
    """Embeds clips and texts as unit vectors [4]: red, green, blue, and a constant that keeps black from zero."""

    def __init__(self) -> None:
        self.card = ModelCard(
            name="mean-colour", revision="1", weights_hash="0" * 64, dim=4, frames=4, resolution=32,
            resize="squash", licence="Apache-2.0", prompts=("{}",), temperature=0.1, text_length=64,
        )  # fmt: skip

    def encode_pixels(self, clips: Sequence[Pixels]) -> list[Tokens]:
        """Return one token per frame: its mean colour from 0 to 1, float32 [frames, 3]."""
        return [(clip.mean((1, 2)) / 255).astype(np.float32) for clip in pixel_list(clips)]

    def predict(self, tokens: Sequence[Tokens], query: str | None = None) -> Vectors:
        """Return the mean of each clip's frames, float32 [n, 4]."""
        if query:
            raise UsageError(f"{self.card.name} takes no query.", "Leave it out.", code="no_predictor")
        return _unit([token.mean(0) for token in tokens])

    def embed_texts(self, texts: Iterable[str]) -> Vectors:
        """Return the mean of the colours that each text names, grey if it names none, float32 [n, 4]."""
        return _unit([_colour(text) for text in text_list(texts)])

    def is_cut(self, text: str) -> bool:
        """Return whether `text` has more words than are read."""
        return len(text.split()) > self.card.text_length


def _colour(text: str) -> Vectors:
    named = [COLOURS[word] for word in text.lower().split() if word in COLOURS]
    return np.mean(named or [(0.5, 0.5, 0.5)], axis=0)


def _unit(colours: list[Vectors]) -> Vectors:
    return unit_rows(np.array([[*colour, 0.1] for colour in colours], np.float32).reshape(-1, 4))
