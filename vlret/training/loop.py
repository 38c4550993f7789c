"""The training loop: InfoNCE on captions and on questions, both in every step; resumable at every epoch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from tqdm import tqdm

from vlret.evaluation.metrics import ranks
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.models.vljepa.towers import padded
from vlret.training.data import FRAME_CHOICES, TRAIN_SPLITS, TrainingData, caption_batches, load_data
from vlret.training.export import export, write_folder
from vlret.training.initial import initial_model
from vlret.training.losses import answer_loss, info_nce
from vlret.training.recipe import Recipe

TRAINED = ("predictor.", "y_encoder.head.", "logit_scale")
BLOCKS = "predictor.layers."
MAX_LOG_SCALE = float(np.log(100))


def train(recipe: Recipe, out: str | Path) -> Path:
    """Train a vljepa-mini from raw data; returns the folder of the finished model.

    `out` keeps cached features, the checkpoint of the last epoch and the model. A run that was stopped goes
    on from there when the same command is given again.
    """
    folder = Path(out)
    torch.manual_seed(recipe.seed)
    model = initial_model(recipe).eval()
    write_folder(model, folder / "initial", recipe)
    embedder = VLJEPA(folder / "initial")
    data = load_data(recipe, TRAIN_SPLITS, model, embedder, folder / "features")
    dev = load_data(recipe, ("dev",), model, embedder, folder / "features")
    trainer = Trainer(recipe, model, embedder, data)
    for epoch in range(trainer.resume(folder / "checkpoint.pt"), recipe.epochs):
        loss = trainer.run_epoch(epoch)
        _note(folder / "epochs.jsonl", {"epoch": epoch + 1, "loss": loss, "dev_r1": dev_recall(model, dev)})
        trainer.save(folder / "checkpoint.pt", epoch + 1)
    return export(model, folder / "model", recipe)


class Trainer:
    """Optimiser, schedule and random state of one run over the predictor and the Y-encoder's head."""

    def __init__(self, recipe: Recipe, model: VLJEPAModel, embedder: VLJEPA, data: TrainingData) -> None:
        self.recipe, self.model, self.data = recipe, model, data
        self.trained = {
            n: p for n, p in model.requires_grad_(False).named_parameters() if n.startswith(TRAINED)
        }
        for parameter in self.trained.values():
            parameter.requires_grad_(True)
        slow = [p for name, p in self.trained.items() if name.startswith(BLOCKS)]
        fast = [p for name, p in self.trained.items() if not name.startswith(BLOCKS)]
        rates = [recipe.rate, recipe.rate * recipe.block_rate]
        self.optimiser = torch.optim.AdamW(
            [{"params": fast}, {"params": slow}], lr=recipe.rate, weight_decay=recipe.weight_decay
        )
        steps = recipe.epochs * (len(np.unique(data.caption_item)) // recipe.batch)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, rates, total_steps=steps + 1, pct_start=0.1
        )
        self.rng = np.random.default_rng(recipe.seed)
        self.questions = _tokenised(data, model, embedder)

    def run_epoch(self, epoch: int) -> float:
        """One pass over the captioned items; returns the mean loss."""
        batches = list(caption_batches(self.data, self.recipe.batch, self.rng))
        bar = tqdm(batches, desc=f"epoch {epoch + 1}/{self.recipe.epochs}", unit="batch", disable=None)
        return float(np.mean([self._step(items, captions) for items, captions in bar]))

    def _step(self, items: np.ndarray[Any, Any], captions: np.ndarray[Any, Any]) -> float:
        loss = self._caption_loss(items, captions) + self.recipe.question_weight * self._question_loss()
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained.values(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.model.logit_scale.data.clamp_(max=MAX_LOG_SCALE)
        return loss.item()

    def _visual(self, items: np.ndarray[Any, Any]) -> torch.Tensor:
        n_frames = int(self.rng.choice(FRAME_CHOICES))
        return functional.dropout(self.data.visual(items, n_frames, self.rng), self.recipe.dropout)

    def _target(self, texts: torch.Tensor) -> torch.Tensor:
        texts = functional.dropout(texts, self.recipe.text_dropout)
        return functional.normalize(self.model.y_encoder.head(texts), dim=-1)

    def _caption_loss(self, items: np.ndarray[Any, Any], captions: np.ndarray[Any, Any]) -> torch.Tensor:
        prediction = self.model.predict(self._visual(items))
        states = self.data.texts[captions]
        equal = (states[:, None, :8] == states[None, :, :8]).all(-1)
        return info_nce(prediction, self._target(states), self.model.logit_scale.exp(), equal)

    def _question_loss(self) -> torch.Tensor:
        if not self.recipe.question_weight:
            return torch.zeros(())
        chosen = self.rng.choice(len(self.data.questions), self.recipe.question_batch, replace=False)
        ids, mask, answers, answer_states = self.questions
        items = np.array([self.data.questions[i].item for i in chosen])
        used = mask[chosen].any(0)
        prediction = self.model.predict(
            self._visual(items), None, ids[chosen][:, used], mask[chosen][:, used]
        )
        labels, local = answers[chosen].unique(return_inverse=True)
        target = self._target(answer_states[labels])
        return answer_loss(prediction, target, self.model.logit_scale.exp(), local)

    def save(self, file: Path, epoch: int) -> None:
        """Write all that `resume` needs, whole or not at all."""
        state = {
            "epoch": epoch,
            "weights": {name: parameter.data for name, parameter in self.trained.items()},
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "torch_rng": torch.get_rng_state(),
            "rng": _plain(self.rng.bit_generator.state),
        }
        torch.save(state, file.with_suffix(".tmp"))
        os.replace(file.with_suffix(".tmp"), file)

    def resume(self, file: Path) -> int:
        """Go on from `file` if it is there; returns the number of finished epochs."""
        if not file.is_file():
            return 0
        state = torch.load(file, weights_only=True)
        for name, parameter in self.trained.items():
            parameter.data.copy_(state["weights"][name])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["torch_rng"])
        self.rng.bit_generator.state = _whole(state["rng"])
        return int(state["epoch"])


@torch.inference_mode()
def dev_recall(model: VLJEPAModel, dev: TrainingData) -> float:
    """Text-to-image R@1 in per cent over the dev items' unmirrored views, all captions as queries."""
    first = torch.from_numpy(np.concatenate([array[:, 0] for array in dev.features]).astype(np.float32))
    items = torch.cat([model.predict(part) for part in first.split(256)]).numpy()
    queries = functional.normalize(model.y_encoder.head(dev.texts), dim=-1).numpy()
    relevant = dev.caption_item[:, None] == np.arange(len(items))
    return 100 * float(ranks(queries, items, relevant).hit_at(1).mean())


def _note(file: Path, record: dict[str, float]) -> None:
    with file.open("a") as lines:
        lines.write(json.dumps({name: round(value, 3) for name, value in record.items()}) + "\n")


def _tokenised(data: TrainingData, model: VLJEPAModel, embedder: VLJEPA) -> tuple[torch.Tensor, ...]:
    """Question ids [n, q] and mask, the answer number of each question, and the answers' states [a, hidden]."""
    length = embedder.settings["query_length"]
    ids, mask = padded(
        [embedder.tokens(q.question, length) for q in data.questions], model.config.pad_token_id
    )
    answers = sorted({q.answer for q in data.questions})
    number = {answer: n for n, answer in enumerate(answers)}
    labels = torch.tensor([number[q.answer] for q in data.questions])
    tokens, tokens_mask = padded(
        [embedder.tokens(answer, length) for answer in answers], model.config.pad_token_id
    )
    with torch.inference_mode():
        states = model.y_encoder.pool(tokens, tokens_mask)
    return ids, mask, labels, states.clone()


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    """A numpy random state with its 128-bit integers as text, which torch can store."""
    return {**state, "state": {key: str(value) for key, value in state["state"].items()}}


def _whole(state: dict[str, Any]) -> dict[str, Any]:
    return {**state, "state": {key: int(value) for key, value in state["state"].items()}}
