"""The predictor's linear path and the Y-encoder's head learn captions on frozen towers.

The predictor's blocks, which add nothing at the start, wait for the question stage: captions, of which there
are few, would only teach them the photographs by heart.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.checkpoint import TrainingState, one_cycle
from vlret.training.data import TrainingData, item_batches, note, recall
from vlret.training.losses import caption_loss
from vlret.training.recipe import Recipe
from vlret.types import Vectors

PREDICTOR = ("predictor.vision_proj.", "predictor.norm.", "predictor.head.", "logit_scale")
TEXT_HEAD = ("y_encoder.head.",)
FRAME_CHOICES = (1, 1, 2, 4)
"""Frames of a batch: mostly one, as photographs are; several so that time does not confuse."""


def teach_captions(
    model: VLJEPAModel, recipe: Recipe, data: TrainingData, dev: TrainingData, folder: Path
) -> None:
    """Train on the captions of `data`, whose features are the X-encoder's tokens."""
    trainer = CaptionTrainer(recipe, model, data)
    for epoch in range(trainer.state.resume(folder / "captions.pt"), recipe.captions.epochs):
        loss = trainer.run_epoch(epoch)
        r1 = recall(*dev_vectors(model, dev), dev)
        note(folder, {"stage": "captions", "epoch": epoch + 1, "loss": loss, "dev_r1": r1})
        trainer.state.save(folder / "captions.pt", epoch + 1)


class CaptionTrainer:
    """Optimiser, schedule and random state over the predictor's linear path and the Y-encoder's head."""

    def __init__(self, recipe: Recipe, model: VLJEPAModel, data: TrainingData) -> None:
        self.recipe, self.model, self.data = recipe.captions, model, data
        predictor, head = learning(model, PREDICTOR), learning(model, TEXT_HEAD)
        rates = (self.recipe.rate, self.recipe.rate * self.recipe.text_head_rate)
        groups = list(zip((list(predictor.values()), list(head.values())), rates, strict=True))
        steps = self.recipe.epochs * (len(data.captioned) // self.recipe.batch)
        optimiser, schedule = one_cycle(groups, steps, self.recipe.weight_decay)
        rng = np.random.default_rng(recipe.seed)
        self.state = TrainingState({**predictor, **head}, optimiser, schedule, rng)

    def run_epoch(self, epoch: int) -> float:
        """One pass over the captioned items; returns the mean loss."""
        batches = item_batches(self.data, self.recipe.batch, self.state.rng)
        title = f"captions, epoch {epoch + 1}/{self.recipe.epochs}"
        bar = tqdm(batches, desc=title, unit="batch", disable=None)
        return float(np.mean([self.state.step(self._loss(items)) for items in bar]))

    def _loss(self, items: NDArray[np.int64]) -> torch.Tensor:
        states = self.data.texts[self.data.draw_captions(items, self.state.rng)]
        prediction = self.model.predict(drawn_views(self.data, items, self.state.rng, self.recipe.dropout))
        return caption_loss(prediction, states, self._text_head, self.model.logit_scale)

    def _text_head(self, states: torch.Tensor) -> torch.Tensor:
        dropped = functional.dropout(states, self.recipe.text_dropout)
        return self.model.y_encoder.head(dropped)  # type: ignore[no-any-return]


def learning(model: VLJEPAModel, names: tuple[str, ...]) -> dict[str, nn.Parameter]:
    """The parameters of `model` whose name starts with one of `names`, made to learn."""
    found = {name: p for name, p in model.named_parameters() if name.startswith(names)}
    for parameter in found.values():
        parameter.requires_grad_(True)
    return found


def drawn_views(
    data: TrainingData, items: NDArray[np.int64], rng: np.random.Generator, dropout: float
) -> torch.Tensor:
    """Visual tokens [n, tokens, x_width] of one or several views of each item, features dropped at random."""
    tokens = data.visual(items, int(rng.choice(FRAME_CHOICES)), rng).flatten(1, 2)
    return functional.dropout(tokens, dropout)


@torch.inference_mode()
def dev_vectors(model: VLJEPAModel, dev: TrainingData) -> tuple[Vectors, Vectors]:
    """Embeddings of the dev items' first views [items, dim] and of all their captions [captions, dim]."""
    items = torch.cat([model.predict(part) for part in dev.first_views().split(256)])
    return items.numpy(), functional.normalize(model.y_encoder.head(dev.texts), dim=-1).numpy()
