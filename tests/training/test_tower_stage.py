"""Both towers learn: the last stages of a small convolutional X-encoder, the layers of a tiny Y-encoder."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from transformers import TimmWrapperConfig

from tests.models.vljepa.tiny import tiny_config, tiny_folder
from tests.training.conftest import TOWERS, run_epoch
from vlret.datasets.tar_set import Item
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training import tower_stage
from vlret.training.adapters.efficientnet import FIRST_TRAINED, EfficientNetAdapter
from vlret.training.data import TrainingData
from vlret.training.features import pool_texts
from vlret.training.recipe import TrainingRecipe
from vlret.training.tower_stage import TowerTrainer

ADAPTER = EfficientNetAdapter()


@pytest.fixture(scope="module")
def model() -> VLJEPAModel:
    torch.manual_seed(0)
    x_config = TimmWrapperConfig(architecture="tf_efficientnet_lite0", do_pooling=False).to_dict()
    model = VLJEPAModel(tiny_config(x_config=x_config, x_width=1280, resolution=64, grid=1)).eval()
    for norm in model.x_encoder.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.momentum = 1.0
    with torch.no_grad():  # statistics of what it sees: as built, all that it says of any picture is the same
        model.x_encoder.train()(torch.randn(16, 1, 3, 64, 64))
    model.x_encoder.eval()
    return model


def training_data(model: VLJEPAModel, folder: Path, n: int = 16) -> TrainingData:
    rng = np.random.default_rng(0)
    views = [rng.integers(0, 255, (1, 64, 64, 3), dtype=np.uint8) for _ in range(n)]
    maps = ADAPTER.first_stages(VLJEPA(tiny_folder(folder, model), dtype="float32"), views)[:, None]
    items = [Item(f"{i}.png", None, "train", (f"text {i}",)) for i in range(n)]  # type: ignore[arg-type]
    ids = [[2, *rng.integers(4, 16, rng.integers(1, 5)).tolist(), 3] for _ in range(n)]
    with torch.no_grad():
        texts = pool_texts(model.y_encoder, ids)
    return TrainingData(["tiny"], items, [maps.numpy().astype(np.float16)], ids, texts, np.arange(n), [])


def trainer_of(
    model: VLJEPAModel, recipe: TrainingRecipe, data: TrainingData, folder: Path, **changes: float
) -> TowerTrainer:
    stage = replace(TOWERS, epochs=12, batch=8, head_rate=1e-2, **changes)
    return TowerTrainer(recipe, stage, model, VLJEPA(folder, dtype="float32"), data)


def test_the_copy_computes_what_the_stages_compute(model: VLJEPAModel) -> None:
    net = model.x_encoder.model.timm_model
    maps = torch.randn(2, 80, 4, 4)
    own = net.bn2(net.conv_head(net.blocks[FIRST_TRAINED:](maps)))
    assert torch.allclose(ADAPTER.trainable(model.x_encoder)(maps), own, atol=1e-4)


def test_both_towers_learn_and_what_they_learned_is_in_the_model(
    model: VLJEPAModel, recipe: TrainingRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tower_stage, "HEADS_DIM", 20)
    model, data = copy.deepcopy(model), training_data(model, tmp_path / "tiny")
    first = {k: v.clone() for k, v in model.state_dict().items()}
    trainer = trainer_of(model, recipe, data, tmp_path / "tiny", text_rate=1e-3)
    losses = [run_epoch(trainer) for _ in range(12)]
    assert losses[-1] < 0.8 * losses[0]
    ADAPTER.write_back(trainer.last, model.x_encoder)
    after = model.state_dict()
    changed = {key for key, value in first.items() if not torch.equal(value, after[key])}
    stages = tuple(f"x_encoder.model.timm_model.blocks.{n}." for n in range(FIRST_TRAINED, 7))
    learned = (*stages, "x_encoder.model.timm_model.conv_head", "y_encoder.model.encoder.")
    assert {key[0] for key in changed} == {"x", "y"}
    assert all(key.startswith(learned) and "conv_dw" not in key for key in changed)
    net = model.x_encoder.model.timm_model
    maps = data.first_views()
    own = net.bn2(net.conv_head(net.blocks[FIRST_TRAINED:](maps))).mean((2, 3))
    assert torch.allclose(own, trainer.last(maps).mean((2, 3)), atol=1e-3)


def test_changed_captions_do_not_become_more_alike(
    model: VLJEPAModel, recipe: TrainingRecipe, tmp_path: Path
) -> None:
    model, data = copy.deepcopy(model), training_data(model, tmp_path / "tiny")
    trainer = trainer_of(model, recipe, data, tmp_path / "tiny")
    drawn = np.arange(len(data.items))
    assert trainer.too_alike(drawn).item() < 2e-3  # nothing has been learned yet: bfloat16 alone
    with torch.no_grad():  # an encoder to which all texts are nearly the same
        for parameter in model.y_encoder.model.encoder.parameters():
            parameter.mul_(0.01)
        model.y_encoder.model.embeddings.position_embeddings.weight.mul_(0)
        model.y_encoder.model.embeddings.LayerNorm.weight.mul_(0.01)
        model.y_encoder.model.embeddings.LayerNorm.bias.fill_(1.0)
    alike = trainer.too_alike(drawn)
    alike.backward()
    assert alike.item() > 0.01
    assert any(p.grad is not None and p.grad.any() for p in model.y_encoder.model.encoder.parameters())
