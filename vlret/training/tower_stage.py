"""Both towers learn captions: the X-encoder's last stages, on cached activations of its first ones, and the Y-encoder.

The Y-encoder learns at a fifth of the heads' rate, its token table stays as it is. Pictures teach it to see no
difference between texts that look alike ("on the left", "on the right"): captions changed in one word may not
become more alike than the published Y-encoder has them.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.encoders import YEncoder
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.changed_captions import changed
from vlret.training.checkpoint import TrainingState, one_cycle
from vlret.training.data import TrainingData, recall
from vlret.training.features import pool_texts
from vlret.training.losses import caption_loss, equal_texts
from vlret.training.recipe import Recipe
from vlret.training.stage import Trainer
from vlret.training.x_encoder_stages import trainable, write_back

CHANGED_A_STEP = 64
"""Captions of a batch that are also read with a word changed."""
MAPS_AT_ONCE = 32
HEADS_DIM = 512
"""The space in which the two heads meet that are thrown away afterwards."""


def teach_towers(
    model: VLJEPAModel, recipe: Recipe, data: TrainingData, dev: TrainingData, folder: Path
) -> None:
    """Train the towers of `model` on `data`, whose features are `first_stages`' activations.

    `folder` holds the model as published in `initial`, and gets the stage's checkpoint.
    """
    if not recipe.towers.epochs:
        return
    trainer = TowerTrainer(model, recipe, data, VLJEPA(folder / "initial"))
    trainer.teach(dev, folder)
    write_back(trainer.last, model.x_encoder)


class Heads(nn.Module):
    """Linear heads of both towers into one space, and its log scale: thrown away after the stage."""

    def __init__(self, x_width: int, y_width: int, log_scale: torch.Tensor) -> None:
        super().__init__()
        self.visual = nn.Linear(x_width, HEADS_DIM)
        self.text = nn.Linear(y_width, HEADS_DIM)
        self.log_scale = nn.Parameter(log_scale.detach().clone())


class TowerTrainer(Trainer):
    """Both towers under `Heads`; captions of one photograph against those of a batch.

    `embedder` is of the model as it is now, before any training: it tells changed captions' tokens.
    """

    name = "towers"

    def __init__(self, model: VLJEPAModel, recipe: Recipe, data: TrainingData, embedder: VLJEPA) -> None:
        self.recipe, self.data, self.y_encoder = recipe.towers, data, model.y_encoder
        self.embedder, self.published, self.captions = embedder, copy.deepcopy(model.y_encoder), data.captions
        self.epochs, self.batch = self.recipe.epochs, self.recipe.batch
        self.last = trainable(model.x_encoder)
        self.heads = Heads(model.config.x_width, data.texts.shape[1], model.logit_scale)
        layers = self.y_encoder.requires_grad_(False).model.encoder.requires_grad_(True)
        rates = (self.recipe.rate, self.recipe.text_rate, self.recipe.head_rate)
        named = [
            {name: p for name, p in part.named_parameters() if p.requires_grad}
            for part in (self.last, layers, self.heads)
        ]
        groups = [(list(part.values()), rate) for part, rate in zip(named, rates, strict=True)]
        steps = self.epochs * (len(data.captioned) // self.batch)
        optimiser, schedule = one_cycle(groups, steps, weight_decay=0.05)
        trained = {name: p for part in named for name, p in part.items()}
        self.state = TrainingState(trained, optimiser, schedule, np.random.default_rng(recipe.seed))

    def loss(self, items: NDArray[np.int64]) -> torch.Tensor:
        """`caption_loss` of one view and one caption of each item, and `too_alike` of some of the captions."""
        drawn = self.data.draw_captions(items, self.state.rng)
        self.y_encoder.train()
        targets = self.heads.text(_read(self.y_encoder, [self.data.ids[n] for n in drawn]))
        self.y_encoder.eval()
        maps = self.data.visual(items, 1, self.state.rng)[:, 0]
        seen = functional.dropout(self._features(maps), self.recipe.dropout)
        prediction = functional.normalize(self.heads.visual(seen), dim=-1)
        same = equal_texts(self.data.texts[drawn])
        loss = caption_loss(prediction, targets, self.heads.log_scale, same, self.recipe.label_smoothing)
        return loss + self.recipe.changed_weight * self.too_alike(drawn[:CHANGED_A_STEP])

    def too_alike(self, drawn: NDArray[np.int64]) -> torch.Tensor:
        """By how much the cosines of these captions with changed ones are greater than before the training."""
        captions = [self.captions[n] for n in drawn]
        others = [*captions[1:], captions[0]]
        texts = [changed(*pair, self.state.rng) for pair in zip(captions, others, strict=True)]
        ids = [self.embedder.tokens(text, self.embedder.card.text_length) for text in texts]
        with torch.no_grad():
            before = _read(self.published, ids)
        now = _read(self.y_encoder, [self.data.ids[n] for n in drawn] + ids)
        as_written, as_changed = now.split(len(drawn))
        cosines = functional.cosine_similarity(as_written, as_changed)
        return functional.relu(cosines - functional.cosine_similarity(self.data.texts[drawn], before)).mean()

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
        items = functional.normalize(self.heads.visual(self._features(dev.first_views())), dim=-1)
        texts = functional.normalize(self.heads.text(_read(self.y_encoder, dev.ids)), dim=-1)
        return recall(items.numpy(), texts.numpy(), dev)


def _read(y_encoder: YEncoder, ids: Sequence[list[int]]) -> torch.Tensor:
    # in bfloat16 the gradient of the fused attention takes longer than that of all matrices
    with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
        return pool_texts(y_encoder, ids).float()
