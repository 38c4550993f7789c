"""What a stage of a training is to the loop that runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Generic, TypeVar

from vlret.training.checkpoint import TrainingState

Batch = TypeVar("Batch")


class Trainer(ABC, Generic[Batch]):
    """One stage; all numbers of steps are those of the optimiser.

    Attributes:
        name: of the stage; its checkpoint is `name`.pt.
        steps: from begin to end.
        evaluate_every, save_every: steps between measurements on dev, and between checkpoints.
        state: what changes.
    """

    keeps_best: ClassVar[bool]
    """Whether the weights of the best measurement on dev are the result, or the last ones."""
    name: str
    steps: int
    evaluate_every: int
    save_every: int
    state: TrainingState

    @abstractmethod
    def batches(self, first_step: int) -> Iterator[Batch]:
        """Yield what the steps from number `first_step` on read, at least until the last."""

    @abstractmethod
    def backward(self, batch: Batch) -> float:
        """Compute the gradients of a step; returns the loss, the same in all processes."""
