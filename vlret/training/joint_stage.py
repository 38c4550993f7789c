"""Predictor and Y-encoder's head learn captions and questions, both in every step, on frozen towers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.models.vljepa.towers import padded
from vlret.training.checkpoint import TrainingState, one_cycle
from vlret.training.data import TrainingData, item_batches, note, recall
from vlret.training.losses import MAX_SCALE, answer_loss, caption_loss
from vlret.training.recipe import Recipe
from vlret.types import Vectors

TRAINED = ("predictor.", "y_encoder.head.", "logit_scale")
BLOCKS = "predictor.layers."
FRAME_CHOICES = (1, 1, 2, 4)
"""Frames of a batch: mostly one, as photographs are; several so that time does not confuse."""


def teach_jointly(
    model: VLJEPAModel, embedder: VLJEPA, recipe: Recipe, data: TrainingData, dev: TrainingData, folder: Path
) -> None:
    """Train `model`'s predictor and Y-encoder's head on `data`, whose features are the X-encoder's tokens."""
    trainer = JointTrainer(recipe, model, embedder, data)
    for epoch in range(trainer.state.resume(folder / "joint.pt"), recipe.joint.epochs):
        loss = trainer.run_epoch(epoch)
        r1 = recall(*dev_vectors(model, dev), dev)
        note(folder, {"stage": "joint", "epoch": epoch + 1, "loss": loss, "dev_r1": r1})
        trainer.state.save(folder / "joint.pt", epoch + 1)


class JointTrainer:
    """Optimiser, schedule and random state over the predictor and the Y-encoder's head."""

    def __init__(self, recipe: Recipe, model: VLJEPAModel, embedder: VLJEPA, data: TrainingData) -> None:
        self.recipe, self.model, self.data = recipe.joint, model, data
        trained = {n: p for n, p in model.requires_grad_(False).named_parameters() if n.startswith(TRAINED)}
        for parameter in trained.values():
            parameter.requires_grad_(True)
        steps = self.recipe.epochs * (len(data.captioned) // self.recipe.batch)
        optimiser, schedule = one_cycle(self._groups(trained), steps, self.recipe.weight_decay)
        self.state = TrainingState(trained, optimiser, schedule, np.random.default_rng(recipe.seed))
        self.questions = _tokenised(data, model, embedder)

    def run_epoch(self, epoch: int) -> float:
        """One pass over the captioned items; returns the mean loss."""
        batches = item_batches(self.data, self.recipe.batch, self.state.rng)
        title = f"predictor, epoch {epoch + 1}/{self.recipe.epochs}"
        bar = tqdm(batches, desc=title, unit="batch", disable=None)
        return float(np.mean([self._step(items) for items in bar]))

    def _groups(self, trained: dict[str, nn.Parameter]) -> list[tuple[list[nn.Parameter], float]]:
        slow = [p for name, p in trained.items() if name.startswith(BLOCKS)]
        fast = [p for name, p in trained.items() if not name.startswith(BLOCKS)]
        return [(fast, self.recipe.rate), (slow, self.recipe.rate * self.recipe.block_rate)]

    def _step(self, items: NDArray[np.int64]) -> float:
        loss = self._caption_loss(items)
        if self.recipe.question_weight:
            loss = loss + self.recipe.question_weight * self._question_loss()
        return self.state.step(loss)

    def _visual(self, items: NDArray[np.int64]) -> torch.Tensor:
        rng = self.state.rng
        tokens = self.data.visual(items, int(rng.choice(FRAME_CHOICES)), rng).flatten(1, 2)
        return functional.dropout(tokens, self.recipe.dropout)

    def _head(self, states: torch.Tensor) -> torch.Tensor:
        return self.model.y_encoder.head(functional.dropout(states, self.recipe.text_dropout))  # type: ignore[no-any-return]

    def _caption_loss(self, items: NDArray[np.int64]) -> torch.Tensor:
        states = self.data.texts[self.data.draw_captions(items, self.state.rng)]
        prediction = self.model.predict(self._visual(items))
        return caption_loss(prediction, states, self._head, self.model.logit_scale)

    def _question_loss(self) -> torch.Tensor:
        chosen = self.state.rng.choice(len(self.data.questions), self.recipe.question_batch, replace=False)
        ids, mask, answers, answer_states = self.questions
        items = np.array([self.data.questions[i].item for i in chosen])
        used = mask[chosen].any(0)
        prediction = self.model.predict(
            self._visual(items), None, ids[chosen][:, used], mask[chosen][:, used]
        )
        labels, local = answers[chosen].unique(return_inverse=True)
        target = functional.normalize(self._head(answer_states[labels]), dim=-1)
        return answer_loss(prediction, target, self.model.logit_scale.exp().clamp(max=MAX_SCALE), local)


@torch.inference_mode()
def dev_vectors(model: VLJEPAModel, dev: TrainingData) -> tuple[Vectors, Vectors]:
    """Embeddings of the dev items' first views [items, dim] and of all their captions [captions, dim]."""
    items = torch.cat([model.predict(part) for part in dev.first_views().split(256)])
    return items.numpy(), functional.normalize(model.y_encoder.head(dev.texts), dim=-1).numpy()


def _tokenised(data: TrainingData, model: VLJEPAModel, embedder: VLJEPA) -> tuple[torch.Tensor, ...]:
    """Question ids [n, q] and mask, the answer number of each question, and the answers' states [a, hidden]."""
    length, pad = embedder.settings["query_length"], model.config.pad_token_id or 0
    ids, mask = padded([embedder.tokens(q.question, length) for q in data.questions], pad)
    answers = sorted({q.answer for q in data.questions})
    number = {answer: n for n, answer in enumerate(answers)}
    labels = torch.tensor([number[q.answer] for q in data.questions])
    tokens, tokens_mask = padded([embedder.tokens(answer, length) for answer in answers], pad)
    with torch.inference_mode():
        states = model.y_encoder.pool(tokens, tokens_mask)
    return ids, mask, labels, states.clone()
