"""What all stages of a training have in common: epochs over the captioned items, logged, saved and resumed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from vlret.training.checkpoint import TrainingState
from vlret.training.data import TrainingData, item_batches, log_epoch


class Trainer(ABC):
    """One stage; a subclass sets `epochs`, `batch`, `data` and `state`."""

    name: ClassVar[str]
    """The name of the stage; its checkpoint is `name`.pt."""
    epochs: int
    batch: int
    data: TrainingData
    state: TrainingState

    @abstractmethod
    def loss(self, items: NDArray[np.int64]) -> torch.Tensor:
        """Return the loss of a step on these items."""

    @abstractmethod
    def recall(self, dev: TrainingData) -> float:
        """Return text-to-image R@1 in per cent over the first views of the dev items."""

    def train(self, dev: TrainingData, folder: Path) -> None:
        """Train to the end, resuming after the last finished epoch; each epoch adds a line to epochs.jsonl."""
        for epoch in range(self.state.resume(folder / f"{self.name}.pt"), self.epochs):
            loss = self.run_epoch(epoch)
            r1 = self.recall(dev)
            log_epoch(folder, {"stage": self.name, "epoch": epoch + 1, "loss": loss, "dev_r1": r1})
            self.state.save(folder / f"{self.name}.pt", epoch + 1)

    def run_epoch(self, epoch: int) -> float:
        """One pass over the captioned items; returns the mean loss."""
        batches = item_batches(self.data, self.batch, self.state.rng)
        title = f"{self.name}, epoch {epoch + 1}/{self.epochs}"
        bar = tqdm(batches, desc=title, unit="batch", disable=None)
        return float(np.mean([self.state.step(self.loss(items)) for items in bar]))
