"""The linear baseline against the same sums by hand; the untrained model is the same one every time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.mini.contestants import UNTOUCHED, UNTRAINED, WEIGHTS, LinearBaseline, contestant

from benchmarks.mini.__main__ import CONTESTANTS
from benchmarks.mini.models import MINILM
from tests.models.vljepa.tiny import tiny_folder, tiny_model

RESULTS = Path("benchmarks/mini/results")
CLIP = np.random.default_rng(0).integers(0, 255, (3, 28, 28, 3), dtype=np.uint8)
TEXTS = ["dog", "red car"]


def test_baseline_is_one_linear_layer_a_side(tmp_path: Path) -> None:
    model = tiny_model()
    widths = {"visual": model.config.x_width, "text": model.config.y_config.hidden_size}
    torch.manual_seed(1)
    heads = {f"{side}.weight": torch.randn(5, width) for side, width in widths.items()}
    heads |= {f"{side}.bias": torch.randn(5) for side in widths}
    baseline = LinearBaseline(tiny_folder(tmp_path, model), heads)
    (tokens,) = baseline.encode_clips([CLIP])
    states = baseline.y_encoder.pool([baseline.tokens(text, 64) for text in TEXTS])
    rows = {"visual": np.asarray(tokens).mean(0, keepdims=True), "text": states}
    found = {"visual": baseline.embed_clips([CLIP]), "text": baseline.embed_texts(TEXTS)}
    for side, inputs in rows.items():
        by_hand = inputs @ heads[f"{side}.weight"].numpy().T + heads[f"{side}.bias"].numpy()
        by_hand /= np.linalg.norm(by_hand, axis=1, keepdims=True)
        assert np.abs(found[side] - by_hand).max() < 1e-5


def test_untrained_is_drawn_alike_every_time() -> None:
    first, second = (contestant(UNTRAINED, "float32").embed_texts(TEXTS) for _ in range(2))
    assert np.array_equal(first, second)
    assert np.abs((first**2).sum(1) - 1).max() < 1e-5


@pytest.mark.parametrize("name", CONTESTANTS)
def test_stored_results_carry_the_hash_of_what_was_scored(name: str) -> None:
    if name == UNTOUCHED and not (WEIGHTS / MINILM).is_dir():
        pytest.skip("no weights of MiniLM here: `make weights` fetches them")
    stored = json.loads((RESULTS / f"{name}.json").read_text())["model"]
    card = contestant(name, "float32").card
    assert stored["name"] == card.name
    # random numbers may differ in the last bit from processor to processor
    assert name == UNTRAINED or stored["weights_hash"] == card.weights_hash


def test_the_untrained_model_was_trained_on_nothing() -> None:
    assert contestant(UNTRAINED, "float32").card.trained_on == ()
