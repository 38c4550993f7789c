"""The whole model: saving, loading, refusing what does not fit, and the paper's size."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel

from tests.models.vljepa.tiny import tiny_model
from vlret.errors import ModelError
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.load_towers import load_tower
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.models.vljepa.registry import TOWERS


@pytest.mark.parametrize("changes", [{}, {"query_embeddings": "y_encoder", "int8_embeddings": True}])
def test_save_and_load_keep_every_weight(tmp_path: Path, changes: dict[str, object]) -> None:
    model = tiny_model(**changes)
    model.save_pretrained(tmp_path)
    loaded = AutoModel.from_pretrained(tmp_path)
    assert isinstance(loaded, VLJEPAModel)
    assert isinstance(AutoConfig.from_pretrained(tmp_path), VLJEPAConfig)
    state = loaded.state_dict()
    assert state.keys() == model.state_dict().keys()
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())


def test_every_tower_has_a_file_of_its_own(tmp_path: Path) -> None:
    tiny_model().save_pretrained(tmp_path)
    for tower in TOWERS:
        assert {key.split(".")[0] for key in load_file(tmp_path / f"{tower}.safetensors")} <= {
            tower,
            "logit_scale",
        }


@pytest.mark.parametrize("tower", TOWERS)
def test_a_renamed_weight_is_refused(tmp_path: Path, tower: str) -> None:
    tiny_model().save_pretrained(tmp_path)
    file, index = tmp_path / f"{tower}.safetensors", tmp_path / "model.safetensors.index.json"
    state = load_file(file)
    name = next(key for key in state if key.startswith(tower))
    state["x" + name] = state.pop(name)
    save_file(state, file, metadata={"format": "pt"})
    values = json.loads(index.read_text())
    values["weight_map"]["x" + name] = values["weight_map"].pop(name)
    index.write_text(json.dumps(values))
    with pytest.raises(ModelError) as refusal:
        VLJEPAModel.from_pretrained(tmp_path)
    assert refusal.value.code == "weights_mismatch"


def test_a_single_tower_refuses_a_missing_weight(tmp_path: Path) -> None:
    model = tiny_model()
    model.save_pretrained(tmp_path)
    state = load_file(tmp_path / "x_encoder.safetensors")
    state.pop(next(iter(state)))
    save_file(state, tmp_path / "x_encoder.safetensors")
    with pytest.raises(ModelError) as refusal:
        load_tower("x_encoder", tmp_path, model.config)
    assert (refusal.value.code, len(refusal.value.fields["missing"])) == ("weights_mismatch", 1)


def test_half_precision_files_load_in_float32(tmp_path: Path) -> None:
    tiny_model().half().save_pretrained(tmp_path)
    assert VLJEPAModel.from_pretrained(tmp_path).dtype == torch.float32


def test_a_new_predictor_is_a_linear_path() -> None:
    torch.manual_seed(0)
    model = VLJEPAModel(tiny_model().config)
    hidden = torch.randn(2, 4, 16)
    seen = torch.ones(2, 4, dtype=torch.bool)
    assert torch.allclose(model.predictor._blocks(hidden, seen), model.predictor.norm(hidden))


def test_forward_gives_scaled_cosines() -> None:
    model = tiny_model()
    ids = torch.tensor([[2, 4, 5, 3], [2, 4, 6, 3]])
    out = model(torch.randn(2, 2, 3, 28, 28), ids, torch.ones_like(ids, dtype=torch.bool))
    assert torch.allclose(out["prediction"].norm(dim=-1), torch.ones(2))
    assert torch.allclose(out["logits"], model.logit_scale.exp() * out["prediction"] @ out["target"].T)


def test_a_configuration_read_again_is_the_same() -> None:
    """transformers keeps half the window of a Gemma that reads both ways, and writes it whole."""
    config = tiny_model(y="gemma3_text").config
    again = VLJEPAConfig.from_dict(VLJEPAConfig.from_dict(config.to_dict()).to_dict())
    assert again.y_config.sliding_window == config.y_config.sliding_window
    assert again.to_dict() == config.to_dict()
