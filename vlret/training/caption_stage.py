"""The predictor's linear path learns captions on frozen towers.

The predictor's blocks, which add nothing at the start, are left to the question stage: on so few captions they would
only over-fit.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.cached_stage import CachedTrainer
from vlret.training.checkpoint import TrainingState, one_cycle
from vlret.training.data import TrainingData, recall
from vlret.training.losses.info_nce import caption_loss
from vlret.training.recipe import TrainingRecipe
from vlret.training.recipe_stages import CaptionStage
from vlret.types import Vectors

PREDICTOR = ("predictor.vision_proj.", "predictor.norm.", "predictor.head.", "logit_scale")
FRAME_CHOICES = (1, 1, 2, 4)
"""Frames of a batch: mostly one, as photographs are; several so that time does not confuse."""


class CaptionTrainer(CachedTrainer):
    """The predictor's linear path, on data whose features are visual tokens.

    The Y-encoder stays as the tower stage left it, its head the identity: a head that learns here gains half a point
    of recall and loses details of texts, which the tower stage preserves
    (docs/decisions/0018).
    """

    def __init__(
        self, recipe: TrainingRecipe, stage: CaptionStage, model: VLJEPAModel, data: TrainingData
    ) -> None:
        self.stage, self.model, self.name = stage, model, stage.name
        self._set(data, stage.epochs, stage.batch)
        model.requires_grad_(False)
        path = learning(model, PREDICTOR)
        groups = [(list(path.values()), stage.rate)]
        optimiser, schedule = one_cycle(groups, self.steps, stage.weight_decay)
        self.state = TrainingState(path, optimiser, schedule, np.random.default_rng(recipe.seed))

    def loss(self, items: NDArray[np.int64]) -> torch.Tensor:
        """Return `caption_loss` of views of the items and one caption of each."""
        drawn = self.data.draw_captions(items, self.state.rng)
        prediction = self.model.predict(drawn_views(self.data, items, self.state.rng, self.stage.dropout))
        target = self.model.y_encoder.head(self.data.texts[drawn])
        return caption_loss(prediction, target, self.model.logit_scale, self.data.same_captions(drawn))

    def recall(self, dev: TrainingData) -> float:
        """Return text-to-image R@1 in per cent over the first views of the dev items."""
        return recall(*dev_vectors(self.model, dev), dev)


def learning(model: VLJEPAModel, names: tuple[str, ...]) -> dict[str, nn.Parameter]:
    """Return the parameters of `model` whose name starts with one of `names`, with gradients enabled."""
    found = {name: p for name, p in model.named_parameters() if name.startswith(names)}
    for parameter in found.values():
        parameter.requires_grad_(True)
    return found


def drawn_views(
    data: TrainingData, items: NDArray[np.int64], rng: np.random.Generator, dropout: float
) -> torch.Tensor:
    """Return visual tokens [n, tokens, x_width] of one or several views of each item, features dropped at random."""
    tokens = data.visual(items, int(rng.choice(FRAME_CHOICES)), rng).flatten(1, 2)
    return functional.dropout(tokens, dropout)


@torch.inference_mode()
def dev_vectors(model: VLJEPAModel, dev: TrainingData) -> tuple[Vectors, Vectors]:
    """Return embeddings of the dev items' first views [items, dim] and of all their captions [captions, dim]."""
    items = torch.cat([model.predict(part) for part in dev.first_views().split(256)])
    texts = functional.normalize(model.y_encoder.head(dev.texts), dim=-1)
    return items.cpu().numpy(), texts.cpu().numpy()
