"""The X-encoder's last stages learn captions, on cached activations of its first ones.

The first stages of a convolutional X-encoder see edges and textures and stay as they are, so that what they
say of each photograph is computed once. Depthwise convolutions and batch norms stay, too: the gradient of the
former would take most of the time on a CPU.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrize
from torch.nn.utils.fusion import fuse_conv_bn_eval

from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.encoders import FRAMES_AT_ONCE
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.models.vljepa.processing import normalise, squash
from vlret.training.checkpoint import TrainingState, one_cycle
from vlret.training.data import TrainingData, recall
from vlret.training.losses import caption_loss
from vlret.training.recipe import Recipe
from vlret.training.stage import Trainer
from vlret.types import Pixels

FIRST_TRAINED = 4
"""Stages of blocks before this one stay as they are."""
CAPTIONS_A_STEP = 2
MAPS_AT_ONCE = 32
HEADS_DIM = 512
"""The space in which the two heads meet that are thrown away afterwards."""
TRAINED_WEIGHT = ".parametrizations.weight.original"


def first_stages(embedder: VLJEPA, views: Sequence[Pixels]) -> torch.Tensor:
    """Activations float32 [n, channels, rows, columns] of one-frame clips uint8 [1, h, w, 3]."""
    settings, net = embedder.settings, embedder.x_encoder.model.timm_model
    frames = [
        normalise(squash(view, embedder.card.resolution), settings["image_mean"], settings["image_std"])[0]
        for view in views
    ]
    maps = torch.stack(frames).to(embedder.dtype).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        parts = [
            net.blocks[:FIRST_TRAINED](net.bn1(net.conv_stem(part))) for part in maps.split(FRAMES_AT_ONCE)
        ]
    return torch.cat(parts).float()


def last_stages(embedder: VLJEPA, maps: torch.Tensor) -> torch.Tensor:
    """Visual tokens float32 [n, tokens, x_width] of activations of the first stages."""
    encoder = embedder.x_encoder
    net = encoder.model.timm_model
    maps = maps.to(embedder.dtype).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        parts = [
            net.bn2(net.conv_head(net.blocks[FIRST_TRAINED:](part))) for part in maps.split(FRAMES_AT_ONCE)
        ]
        tokens = torch.cat(parts).flatten(2).transpose(1, 2)
        return encoder.to_grid(tokens[:, None]).float()


def teach_vision(
    model: VLJEPAModel, recipe: Recipe, data: TrainingData, dev: TrainingData, folder: Path
) -> None:
    """Train the last stages of `model`'s X-encoder on `data`, whose features are `first_stages`' activations."""
    if not recipe.vision.epochs:
        return
    trainer = VisionTrainer(model, recipe, data)
    trainer.teach(dev, folder)
    trainer.write_back(model)


class VisionTrainer(Trainer):
    """The last stages with linear heads on both sides; captions of one photograph against those of a batch."""

    name = "vision"

    def __init__(self, model: VLJEPAModel, recipe: Recipe, data: TrainingData) -> None:
        self.recipe, self.data = recipe.vision, data
        self.epochs, self.batch = self.recipe.epochs, self.recipe.batch
        net = model.x_encoder.model.timm_model
        parts = {"blocks": net.blocks[FIRST_TRAINED:], "conv_head": net.conv_head, "bn2": net.bn2}
        self.last = trainable(nn.Sequential(OrderedDict(parts)))
        self.visual_head = nn.Linear(model.config.x_width, HEADS_DIM)
        self.text_head = nn.Linear(data.texts.shape[1], HEADS_DIM)
        self.scale = nn.Parameter(model.logit_scale.detach().clone())
        weights = {name: p for name, p in self.last.named_parameters() if p.requires_grad}
        heads = {"scale": self.scale}
        heads |= {f"visual_head.{name}": p for name, p in self.visual_head.named_parameters()}
        heads |= {f"text_head.{name}": p for name, p in self.text_head.named_parameters()}
        steps = self.recipe.epochs * (len(data.captioned) // self.recipe.batch)
        groups = [(list(weights.values()), self.recipe.rate), (list(heads.values()), self.recipe.head_rate)]
        optimiser, schedule = one_cycle(groups, steps, weight_decay=0.05)
        rng = np.random.default_rng(recipe.seed)
        self.state = TrainingState({**weights, **heads}, optimiser, schedule, rng)

    def loss(self, items: NDArray[np.int64]) -> torch.Tensor:
        """`caption_loss` of one view of each item and two of its captions."""
        maps = self.data.visual(items, 1, self.state.rng)[:, 0]
        seen = functional.dropout(self._features(maps), self.recipe.dropout)
        prediction = functional.normalize(self.visual_head(seen), dim=-1)
        draws = [self.data.draw_captions(items, self.state.rng) for _ in range(CAPTIONS_A_STEP)]
        losses = [caption_loss(prediction, self.data.texts[d], self.text_head, self.scale) for d in draws]
        return torch.stack(losses).mean()

    def _features(self, maps: torch.Tensor) -> torch.Tensor:
        # in parts: tensors that fit the allocator's free lists cost no page faults
        return torch.cat([self._part(part) for part in maps.split(MAPS_AT_ONCE)])

    def _part(self, maps: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            out = self.last(maps.contiguous(memory_format=torch.channels_last))
        return out.float().mean((2, 3))  # type: ignore[no-any-return]

    @torch.inference_mode()
    def recall(self, dev: TrainingData) -> float:
        """Text-to-image R@1 in per cent over the dev items as they are."""
        maps = dev.first_views()
        seen = self._features(maps)
        items = functional.normalize(self.visual_head(seen), dim=-1)
        return recall(items.numpy(), functional.normalize(self.text_head(dev.texts), dim=-1).numpy(), dev)

    def write_back(self, model: VLJEPAModel) -> None:
        """Put the trained convolutions into `model`'s X-encoder."""
        state = model.x_encoder.model.timm_model.state_dict()
        for name, parameter in self.last.named_parameters():
            if parameter.requires_grad:
                state[name.replace(TRAINED_WEIGHT, ".weight")].copy_(parameter.data)


class Scaled(nn.Module):
    """A convolution's weight times what the batch norm after it multiplies: the norm itself can go."""

    def __init__(self, ratio: torch.Tensor) -> None:
        super().__init__()
        self.ratio = nn.Buffer(ratio)

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """The weight that is convolved with."""
        return weight * self.ratio[:, None, None, None]


def trainable(stages: nn.Module) -> nn.Module:
    """A copy of `stages` whose pointwise convolutions learn and whose batch norms are part of the weights."""
    stages = copy.deepcopy(stages).eval().requires_grad_(False)
    for parent in list(stages.modules()):
        for (conv_name, conv), (norm_name, norm) in pairwise(list(parent.named_children())):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(parent, conv_name, _joined(conv, norm))
                setattr(parent, norm_name, getattr(norm, "act", nn.Identity()))
    return stages.to(memory_format=torch.channels_last)


def _joined(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    fused = fuse_conv_bn_eval(conv, norm).requires_grad_(False)
    if conv.groups > 1:
        return fused
    ratio = norm.weight / torch.sqrt(cast(torch.Tensor, norm.running_var) + norm.eps)
    conv.bias = fused.bias
    conv.weight.requires_grad_(True)
    parametrize.register_parametrization(conv, "weight", Scaled(ratio))
    return conv
