"""The linear baseline against the same sums by hand; the untrained model is the same one every time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.mini import models
from tests.models.vljepa.tiny import tiny_folder, tiny_model
from vlret.errors import ModelError
from vlret.models.registry import load_model

RESULTS = Path("benchmarks/mini/results")
CLIP = np.random.default_rng(0).integers(0, 255, (3, 28, 28, 3), dtype=np.uint8)
TEXTS = ["dog", "red car"]


def test_baseline_is_one_linear_layer_a_side(tmp_path: Path) -> None:
    model = tiny_model()
    widths = {"visual": model.config.x_width, "text": model.config.y_config.hidden_size}
    torch.manual_seed(1)
    heads = {f"{side}.weight": torch.randn(5, width) for side, width in widths.items()}
    heads |= {f"{side}.bias": torch.randn(5) for side in widths}
    baseline = models.LinearBaseline(tiny_folder(tmp_path, model), heads)
    (tokens,) = baseline.encode_clips([CLIP])
    states = baseline.y_encoder.pool([baseline.tokens(text, 64) for text in TEXTS])
    rows = {"visual": np.asarray(tokens).mean(0, keepdims=True), "text": states}
    found = {"visual": baseline.embed_clips([CLIP]), "text": baseline.embed_texts(TEXTS)}
    for side, inputs in rows.items():
        by_hand = inputs @ heads[f"{side}.weight"].numpy().T + heads[f"{side}.bias"].numpy()
        by_hand /= np.linalg.norm(by_hand, axis=1, keepdims=True)
        assert np.abs(found[side] - by_hand).max() < 1e-5


def test_untrained_has_the_same_weights_every_time_and_was_trained_on_nothing() -> None:
    first, second = models.untrained(), models.untrained()
    assert np.array_equal(first.embed_texts(TEXTS), second.embed_texts(TEXTS))
    assert np.abs((first.embed_texts(TEXTS) ** 2).sum(1) - 1).max() < 1e-5
    assert first.card.trained_on == ()


@pytest.mark.parametrize("name", ["vljepa-mini", "baseline"])
def test_stored_results_are_of_these_weights(name: str) -> None:
    stored = json.loads((RESULTS / f"{name}.json").read_text())["model"]
    card = load_model(name if name == "vljepa-mini" else f"benchmarks.mini.models:{name}").card
    assert (stored["name"], stored["weights_hash"]) == (card.name, card.weights_hash)


def test_minilm_as_published_reads_the_downloaded_weights() -> None:
    if not (models.WEIGHTS / models.MINILM).is_dir():
        pytest.skip("no weights of MiniLM here: `make weights` downloads them")
    stored = json.loads((RESULTS / f"{models.UNTOUCHED}.json").read_text())["model"]
    try:
        card = models.untouched_minilm().card
    except ModelError as error:
        pytest.skip(str(error))
    assert (stored["name"], stored["weights_hash"]) == (card.name, card.weights_hash)


def test_minilm_without_weights_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "WEIGHTS", tmp_path)
    with pytest.raises(ModelError, match="make weights"):
        models.untouched_minilm()
