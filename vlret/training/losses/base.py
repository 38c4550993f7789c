"""`Loss`: what every loss is given, and what it may keep."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import nn


class Loss(nn.Module, ABC):
    """A loss of the joined batch, that of all processes: each process computes the same value from the same rows.

    Its parameters (the bias of `Sigmoid`) learn with the model, and `state_dict` belongs in the checkpoint. Their
    gradient is the whole one on every process already: they must not be averaged over processes again.
    """

    @abstractmethod
    def forward(
        self, prediction: torch.Tensor, target: torch.Tensor, scale: torch.Tensor, same: torch.Tensor
    ) -> torch.Tensor:
        """Return the loss, a float32 scalar.

        Args:
            prediction, target: float32 [n, dim] of any length, row i of one belongs to row i of the other; losses
                of cosines normalise them.
            scale: float scalar, multiplies cosines (1 / temperature); only contrastive losses read it.
            same: bool [n, n], True where target j also describes clip i (`same_pairs`): neither positive nor
                negative to contrastive losses. The diagonal is ignored.
        """
