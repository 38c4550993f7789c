"""Stages on cached features: epochs over the captioned items, in one process."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from vlret.training.data import TrainingData, item_batches
from vlret.training.stage import Trainer


class CachedTrainer(Trainer[NDArray[np.int64]]):
    """A stage of a number of epochs, after each of which it is measured and saved.

    A subclass sets `name`, `state`, and what it is made from by `_set`.
    """

    keeps_best: ClassVar = False
    data: TrainingData
    batch: int

    def _set(self, data: TrainingData, epochs: int, batch: int) -> None:
        self.data, self.batch = data, batch
        self.evaluate_every = self.save_every = len(data.captioned) // batch
        self.steps = epochs * self.evaluate_every

    def batches(self, first_step: int) -> Iterator[NDArray[np.int64]]:
        """Yield batches of item numbers; an epoch is drawn when the one before it is over."""
        for _ in range(first_step, self.steps, self.evaluate_every):
            yield from item_batches(self.data, self.batch, self.state.rng)

    def backward(self, batch: NDArray[np.int64]) -> float:
        """Compute the gradients of `loss`."""
        loss = self.loss(batch)
        loss.backward()
        return loss.item()

    @abstractmethod
    def loss(self, items: NDArray[np.int64]) -> torch.Tensor:
        """Return the loss of a step on these items."""

    @abstractmethod
    def recall(self, dev: TrainingData) -> float:
        """Return text-to-image R@1 in per cent over the first views of the dev items."""
