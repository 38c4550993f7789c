"""A tiny world: photographs and clips of a few things, a target space of words, both models in a few dimensions."""

from __future__ import annotations

import zlib
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.controlled import decoder
from benchmarks.controlled.models import Workshop
from benchmarks.controlled.pairs import Kind, Pairs
from benchmarks.controlled.recipe import Recipe
from vlret.training.text_decoder.recipe import DecoderStage
from vlret.vectors import unit_rows

WIDTH, DIM, BATCH = 12, 16, 8
THINGS = ("dog", "cat", "horse", "boat", "train", "guitar", "beach", "street")
RECIPE = Recipe(
    name="tiny", batch=BATCH, checkpoints=(16, 32), seeds=(0, 1), rates=(1e-3, 1e-2), rate_samples=16, warmup=8,
    weight_decay=0.05, vocabulary=300, layers=1, token_layers=2,
    blocks={
        "hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "num_key_value_heads": 2,
        "max_position_embeddings": 64,
    },
)  # fmt: skip


class Words:
    """Embeds a text as the sum of random vectors of its words."""

    card = SimpleNamespace(dim=DIM, weights_hash="words")

    def embed_texts(self, texts):
        rows = [
            [np.random.default_rng(zlib.crc32(w.encode())).normal(size=DIM) for w in t.split()] for t in texts
        ]
        return unit_rows(np.stack([np.sum(row, axis=0) for row in rows]).astype(np.float32))


def kind(items: int, tokens: int, seed: int) -> Kind:
    """Items that show one thing each, with two captions."""
    rng = np.random.default_rng(seed)
    shown = np.arange(items) % len(THINGS)
    centres = np.random.default_rng(7).normal(size=(len(THINGS), 1, WIDTH))
    rows = (centres[shown] + 0.1 * rng.normal(size=(items, tokens, WIDTH))).astype(np.float16)
    texts = [[f"a {THINGS[thing]} number {n}", f"one {THINGS[thing]} here"] for n, thing in enumerate(shown)]
    return Kind(rows, texts)


@pytest.fixture
def pairs():
    return Pairs([kind(36, 4, 0), kind(10, 16, 1)], BATCH)


@pytest.fixture
def workshop(pairs, tmp_path, monkeypatch):
    stage = DecoderStage(
        epochs=1, batch=8, rate=1e-3, weight_decay=0.0, dropout=0.0, noise=0.1, label_smoothing=0.0
    )
    monkeypatch.setattr(decoder, "STAGE", stage)
    return Workshop(
        RECIPE, pairs, Words(), tmp_path / "texts", [["a dog here", "one dog"], ["a boat", "one boat"]]
    )
