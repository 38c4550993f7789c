"""SIGReg: embeddings are kept near an isotropic normal distribution (LeJEPA, arXiv 2511.08544)."""

from __future__ import annotations

import torch
from torch.nn import functional

from vlret.training.losses.base import Loss

WEIGHT = 0.05
"""Share of the regulariser in the loss."""
PROJECTIONS = 1024
LARGEST_T, POINTS = 3.0, 17
"""The characteristic functions are compared at so many t from 0 to the largest."""


class SIGReg(Loss):
    """Squared distance of pairs, plus the Epps-Pulley statistic of both sides over random projections.

    Not normalised. The directions of a step follow from the number of the step alone, so that they are those of every
    process; the number is part of `state_dict`.
    """

    step: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))

    def forward(
        self, prediction: torch.Tensor, target: torch.Tensor, scale: torch.Tensor, same: torch.Tensor
    ) -> torch.Tensor:
        """See `Loss.forward`."""
        drawn = directions(prediction.shape[1], int(self.step)).to(prediction)
        self.step += 1
        statistics = [epps_pulley(side @ drawn).mean() for side in (prediction, target)]
        distance = functional.mse_loss(prediction, target)
        return (1 - WEIGHT) * distance + WEIGHT * torch.stack(statistics).mean()


def directions(dim: int, seed: int) -> torch.Tensor:
    """Return float32 [dim, PROJECTIONS] on the CPU, columns of unit length, drawn uniformly from the sphere."""
    drawn = torch.randn(dim, PROJECTIONS, generator=torch.Generator().manual_seed(seed))
    return functional.normalize(drawn, dim=0)


def epps_pulley(samples: torch.Tensor) -> torch.Tensor:
    """Return the Epps-Pulley statistic [k] of each column of samples [n, k] against the standard normal distribution.

    n times the integral over t of the squared distance of the characteristic functions, weighted by that of the normal
    distribution; by the trapezoidal rule over [0, LARGEST_T], twice, as the integrand is even.
    """
    t = torch.linspace(0, LARGEST_T, POINTS, device=samples.device)
    normal = (-t.square() / 2).exp()
    angles = samples[..., None] * t
    difference = (angles.cos().mean(0) - normal).square() + angles.sin().mean(0).square()
    return 2 * len(samples) * torch.trapezoid(difference * normal, t)
