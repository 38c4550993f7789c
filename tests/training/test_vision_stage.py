"""The last stages of a small convolutional X-encoder learn; the first ones stay."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from transformers import TimmWrapperConfig

from tests.models.vljepa.tiny import tiny_config, tiny_folder
from vlret.datasets.tar_set import Item
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training import vision_stage
from vlret.training.data import TrainingData
from vlret.training.recipe import Recipe
from vlret.training.vision_stage import FIRST_TRAINED, VisionTrainer, first_stages, trainable


@pytest.fixture(scope="module")
def model() -> VLJEPAModel:
    torch.manual_seed(0)
    x_config = TimmWrapperConfig(architecture="tf_efficientnet_lite0", do_pooling=False).to_dict()
    model = VLJEPAModel(tiny_config(x_config=x_config, x_width=1280, resolution=64, grid=1)).eval()
    for norm in model.x_encoder.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.running_mean.uniform_(-0.5, 0.5)
            norm.running_var.uniform_(0.5, 2)
    return model


def training_data(model: VLJEPAModel, folder: Path, n: int = 16) -> TrainingData:
    rng = np.random.default_rng(0)
    views = [rng.integers(0, 255, (1, 64, 64, 3), dtype=np.uint8) for _ in range(n)]
    embedder = VLJEPA(tiny_folder(folder, model), dtype="float32")
    maps = first_stages(embedder, views).numpy().astype(np.float16)[:, None]
    items = [Item(f"{i}.png", None, "train", (f"text {i}",)) for i in range(n)]  # type: ignore[arg-type]
    return TrainingData(
        ["tiny"],
        items,
        [maps],
        torch.from_numpy(rng.normal(size=(n, 32)).astype(np.float32)),
        np.arange(n),
        [],
    )


def test_the_copy_says_what_the_stages_say(model: VLJEPAModel) -> None:
    net = model.x_encoder.model.timm_model
    parts = nn.Sequential(
        OrderedDict(blocks=net.blocks[FIRST_TRAINED:], conv_head=net.conv_head, bn2=net.bn2)
    )
    maps = torch.randn(2, 80, 4, 4)
    assert torch.allclose(trainable(parts)(maps), parts(maps), atol=1e-4)


def test_it_learns_and_what_it_learned_is_in_the_model(
    model: VLJEPAModel, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vision_stage, "HEADS_DIM", 20)
    recipe = replace(recipe, vision=replace(recipe.vision, epochs=12, batch=8, rate=1e-3, head_rate=1e-2))
    data = training_data(model, tmp_path / "tiny")
    first = {k: v.clone() for k, v in model.x_encoder.state_dict().items()}
    trainer = VisionTrainer(model, recipe, data)
    losses = [trainer.run_epoch(epoch) for epoch in range(12)]
    assert losses[-1] < 0.8 * losses[0]
    trainer.write_back(model)
    after = model.x_encoder.state_dict()
    changed = {key for key, value in first.items() if not torch.equal(value, after[key])}
    stages = tuple(f"model.timm_model.blocks.{n}." for n in range(FIRST_TRAINED, 7))
    assert changed
    assert all(
        key.startswith((*stages, "model.timm_model.conv_head")) and "conv_dw" not in key for key in changed
    )
    net = model.x_encoder.model.timm_model
    maps = data.first_views()
    own = net.bn2(net.conv_head(net.blocks[FIRST_TRAINED:](maps))).mean((2, 3))
    learned = trainer.last(maps).mean((2, 3))
    assert torch.allclose(own, learned, atol=1e-3)
