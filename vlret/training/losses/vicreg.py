"""VICReg between predictions and the embeddings of their texts."""

from __future__ import annotations

import torch
from torch.nn import functional

from vlret.training.losses.base import Loss

INVARIANCE, VARIANCE, COVARIANCE = 25.0, 25.0, 1.0
"""Published weights (arXiv 2105.04906, section 4.2)."""
EPSILON = 1e-4


class VICReg(Loss):
    """Invariance, variance and covariance of both sides, not normalised (VICReg, arXiv 2105.04906)."""

    def forward(
        self, prediction: torch.Tensor, target: torch.Tensor, scale: torch.Tensor, same: torch.Tensor
    ) -> torch.Tensor:
        """See `Loss.forward`; n must be at least 2."""
        sides = prediction, target
        variance = torch.stack([_too_little_variance(side) for side in sides]).mean()
        covariance = torch.stack([_covariance(side) for side in sides]).sum()
        distance = functional.mse_loss(prediction, target)
        return INVARIANCE * distance + VARIANCE * variance + COVARIANCE * covariance


def _too_little_variance(rows: torch.Tensor) -> torch.Tensor:
    """By how much the standard deviation of a component stays below 1, the mean of all components."""
    return functional.relu(1 - (rows.var(0) + EPSILON).sqrt()).mean()


def _covariance(rows: torch.Tensor) -> torch.Tensor:
    """The squared covariances of different components, summed and divided by the number of components."""
    squares = rows.T.cov().square()
    return (squares.sum() - squares.diagonal().sum()) / rows.shape[1]
