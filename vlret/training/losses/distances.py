"""Losses of each pair alone: no negatives, so that targets have to be fixed (paper, ablation c)."""

from __future__ import annotations

import torch
from torch.nn import functional

from vlret.training.losses.base import Loss


class Cosine(Loss):
    """1 - the cosine of each pair, the mean of all pairs."""

    def forward(
        self, prediction: torch.Tensor, target: torch.Tensor, scale: torch.Tensor, same: torch.Tensor
    ) -> torch.Tensor:
        """See `Loss.forward`."""
        return 1 - functional.cosine_similarity(prediction, target).mean()


class L1(Loss):
    """The mean absolute difference of all components, not normalised."""

    def forward(
        self, prediction: torch.Tensor, target: torch.Tensor, scale: torch.Tensor, same: torch.Tensor
    ) -> torch.Tensor:
        """See `Loss.forward`."""
        return functional.l1_loss(prediction, target)


class L2(Loss):
    """The mean squared difference of all components, not normalised (of unit vectors it would be a cosine again)."""

    def forward(
        self, prediction: torch.Tensor, target: torch.Tensor, scale: torch.Tensor, same: torch.Tensor
    ) -> torch.Tensor:
        """See `Loss.forward`."""
        return functional.mse_loss(prediction, target)
