"""Both towers learn captions: the X-encoder's last stages, on cached activations of its first ones, and the Y-encoder.

The Y-encoder learns at a fifth of the heads' rate, its token table is frozen. Images teach it to ignore differences
that they do not show clearly ("on the left", "on the right"): captions changed in one word may not become more similar
than they were to the published Y-encoder.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from vlret.models.device import pick_dtype
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.encoders import YEncoder
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.adapters.registry import adapter_for
from vlret.training.cached_stage import CachedTrainer
from vlret.training.changed_captions import changed
from vlret.training.checkpoint import TrainingState, one_cycle
from vlret.training.data import TrainingData, recall
from vlret.training.features import pool_texts
from vlret.training.losses.info_nce import caption_loss
from vlret.training.recipe import TrainingRecipe
from vlret.training.recipe_stages import TowerStage

CHANGED_A_STEP = 64
"""Captions of a batch that are also read with a word changed."""
MAPS_AT_ONCE = 32
HEADS_DIM = 512
"""The dimensions of the shared space of the two heads, which are discarded afterwards."""


class Heads(nn.Module):
    """Linear heads of both towers into one space, and its log scale: discarded after the stage."""

    def __init__(self, x_width: int, y_width: int, log_scale: torch.Tensor) -> None:
        super().__init__()
        self.visual = nn.Linear(x_width, HEADS_DIM)
        self.text = nn.Linear(y_width, HEADS_DIM)
        self.log_scale = nn.Parameter(log_scale.detach().clone())


class TowerTrainer(CachedTrainer):
    """Both towers under `Heads`; captions of one photograph against those of a batch.

    `embedder` is of the model before any training: its tokenizer reads changed captions.
    """

    def __init__(
        self,
        recipe: TrainingRecipe,
        stage: TowerStage,
        model: VLJEPAModel,
        embedder: VLJEPA,
        data: TrainingData,
    ) -> None:
        self.stage, self.name, self.y_encoder = stage, stage.name, model.y_encoder
        self._set(data, stage.epochs, stage.batch)
        self.embedder, self.published, self.captions = embedder, copy.deepcopy(model.y_encoder), data.captions
        self.device, self.dtype = model.device, pick_dtype(recipe.dtype, model.device)
        self.adapter = adapter_for(model.config)
        self.last = self.adapter.trainable(model.x_encoder)
        self.heads = Heads(model.config.x_width, data.texts.shape[1], model.logit_scale).to(model.device)
        layers = self.y_encoder.requires_grad_(False).model.encoder.requires_grad_(True)
        rates = (stage.rate, stage.text_rate, stage.head_rate)
        named = [
            {name: p for name, p in part.named_parameters() if p.requires_grad}
            for part in (self.last, layers, self.heads)
        ]
        groups = [(list(part.values()), rate) for part, rate in zip(named, rates, strict=True)]
        optimiser, schedule = one_cycle(groups, self.steps, weight_decay=0.05)
        trained = {name: p for part in named for name, p in part.items()}
        self.state = TrainingState(trained, optimiser, schedule, np.random.default_rng(recipe.seed))

    def loss(self, items: NDArray[np.int64]) -> torch.Tensor:
        """Return `caption_loss` of one view and one caption of each item, plus `too_alike` of some of the captions."""
        drawn = self.data.draw_captions(items, self.state.rng)
        self.y_encoder.train()
        targets = self.heads.text(self._read(self.y_encoder, [self.data.ids[n] for n in drawn]))
        self.y_encoder.eval()
        maps = self.data.visual(items, 1, self.state.rng)[:, 0]
        seen = functional.dropout(self._features(maps), self.stage.dropout)
        prediction = functional.normalize(self.heads.visual(seen), dim=-1)
        same = self.data.same_captions(drawn)
        loss = caption_loss(prediction, targets, self.heads.log_scale, same, self.stage.label_smoothing)
        return loss + self.stage.changed_weight * self.too_alike(drawn[:CHANGED_A_STEP])

    def too_alike(self, drawn: NDArray[np.int64]) -> torch.Tensor:
        """Return by how much the cosines of these captions with changed ones exceed those before the training."""
        captions = [self.captions[n] for n in drawn]
        others = [*captions[1:], captions[0]]
        texts = [changed(*pair, self.state.rng) for pair in zip(captions, others, strict=True)]
        ids = [self.embedder.tokens(text, self.embedder.card.text_length) for text in texts]
        with torch.no_grad():
            before = self._read(self.published, ids)
        now = self._read(self.y_encoder, [self.data.ids[n] for n in drawn] + ids)
        as_written, as_changed = now.split(len(drawn))
        cosines = functional.cosine_similarity(as_written, as_changed)
        return functional.relu(cosines - functional.cosine_similarity(self.data.texts[drawn], before)).mean()

    def _features(self, maps: torch.Tensor) -> torch.Tensor:
        # a few at a time: tensors that fit the allocator's free lists cause no page faults
        return torch.cat([self._part(part) for part in maps.split(MAPS_AT_ONCE)])

    def _part(self, maps: torch.Tensor) -> torch.Tensor:
        with self._autocast():
            return self.adapter.pooled(self.last, maps)

    def _read(self, y_encoder: YEncoder, ids: Sequence[list[int]]) -> torch.Tensor:
        # in bfloat16 on a CPU the gradient of the fused attention takes longer than that of all matrices
        with self._autocast(), sdpa_kernel(SDPBackend.MATH):
            return pool_texts(y_encoder, ids).float()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    @torch.inference_mode()
    def recall(self, dev: TrainingData) -> float:
        """Return text-to-image R@1 in per cent over the first views of the dev items."""
        items = functional.normalize(self.heads.visual(self._features(dev.first_views())), dim=-1)
        texts = functional.normalize(self.heads.text(self._read(self.y_encoder, dev.ids)), dim=-1)
        return recall(items.cpu().numpy(), texts.cpu().numpy(), dev)
