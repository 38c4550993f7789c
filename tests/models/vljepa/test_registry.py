"""Towers by name: one class and one entry make a model with a tower more, which is saved, loaded and hashed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import LlamaConfig

from tests.models.vljepa.tiny import tiny_config, tiny_folder, tiny_model
from tests.refusal import refused
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.load_towers import load_tower
from vlret.models.vljepa.modeling import VLJEPAModel, save_towers
from vlret.models.vljepa.registry import TOWERS, Tower

DECODER = LlamaConfig(
    hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, vocab_size=16
)


class TextDecoder(nn.Module):
    def __init__(self, config: VLJEPAConfig) -> None:
        super().__init__()
        self.input = nn.Linear(config.dim, config.text_decoder_config.hidden_size)


@pytest.fixture
def with_decoder(monkeypatch: pytest.MonkeyPatch) -> VLJEPAModel:
    tower = Tower("text_decoder_config", ("llama",), f"{__name__}:TextDecoder", is_optional=True)
    monkeypatch.setitem(TOWERS, "text_decoder", tower)
    return tiny_model(text_decoder_config=DECODER.to_dict())


def test_an_optional_tower_is_saved_and_loaded(with_decoder: VLJEPAModel, tmp_path: Path) -> None:
    with_decoder.save_pretrained(tmp_path)
    assert load_file(tmp_path / "text_decoder.safetensors").keys() == {
        "text_decoder.input.weight",
        "text_decoder.input.bias",
    }
    loaded = VLJEPAModel.from_pretrained(tmp_path)
    assert isinstance(loaded.config.text_decoder_config, LlamaConfig)
    assert torch.equal(loaded.text_decoder.input.weight, with_decoder.text_decoder.input.weight)
    alone = load_tower("text_decoder", tmp_path, loaded.config)
    assert torch.equal(alone.input.weight, with_decoder.text_decoder.input.weight)


def test_an_optional_tower_is_part_of_the_hash_and_its_kind_is_checked(
    with_decoder: VLJEPAModel, tmp_path: Path
) -> None:
    with_hash = VLJEPA(tiny_folder(tmp_path / "with", with_decoder)).card.weights_hash
    without = VLJEPA(tiny_folder(tmp_path / "without", tiny_model())).card.weights_hash
    assert with_hash != without
    settings = {**DECODER.to_dict(), "model_type": "gpt2"}
    model = tiny_model(text_decoder_config=DECODER.to_dict())
    model.config.text_decoder_config = settings
    with refused("damaged_config"):
        VLJEPA(tiny_folder(tmp_path / "other", model))


def test_a_model_without_the_optional_tower_has_none(with_decoder: VLJEPAModel) -> None:
    assert not hasattr(tiny_model(), "text_decoder")
    assert "text_decoder_config" not in tiny_config().to_dict()


def test_weights_of_no_tower_are_refused_when_saved_and_when_found(tmp_path: Path) -> None:
    model = tiny_model()
    with refused("unknown_weights") as refusal:
        save_towers(tmp_path, {**model.state_dict(), "decoder.weight": torch.zeros(1)})
    assert refusal.value.fields["given"] == "decoder.weight"
    folder = tiny_folder(tmp_path, model)
    VLJEPA(folder)
    (folder / "._x_encoder.safetensors").write_bytes(b"of a disk for macOS")
    VLJEPA(folder)
    save_file({"decoder.weight": torch.zeros(1)}, folder / "decoder.safetensors")
    with refused("unknown_weights") as refusal:
        VLJEPA(folder)
    assert refusal.value.fields["path"] == folder / "decoder.safetensors"
