"""A recipe of a tiny text decoder, which trains on a dozen photographs of colours in seconds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.training.conftest import write_set
from vlret.training.text_decoder.recipe import DecoderData, DecoderRecipe, DecoderStage

LLAMA = {
    "model_type": "llama", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
    "num_attention_heads": 2, "num_key_value_heads": 2, "tie_word_embeddings": True,
}  # fmt: skip


def decoder_recipe(folder: Path) -> DecoderRecipe:
    """Its data are written below `folder`; its embedder sees the mean colour."""
    write_set(folder / "data" / "photos" / "colours")
    lines = [{"captions": ["a red bird", "a bird, red"]}, {"captions": ["Something blue."]}]
    (folder / "data" / "more.jsonl").write_text("\n".join(map(json.dumps, lines)))
    stage = DecoderStage(
        epochs=40, batch=8, rate=1e-2, weight_decay=0.0, dropout=0.05, noise=0.1, label_smoothing=0.0
    )
    return DecoderRecipe(
        name="tiny/decoder", embedder="tests.conftest:ColourEmbedder", licence="", device="cpu", dtype="float32",
        seed=0, prefix_length=2, beams=1, longest=8, bank=5, language_model=LLAMA,
        data=DecoderData(folder / "data", ("photos/colours",), ("more.jsonl",), ("colours",), vocabulary=320),
        texts=stage, predictions=stage,
    )  # fmt: skip


@pytest.fixture
def recipe(tmp_path: Path) -> DecoderRecipe:
    return decoder_recipe(tmp_path)
