"""The pairwise sigmoid loss."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from vlret.training.losses.base import Loss

INITIAL_BIAS = -10.0


class Sigmoid(Loss):
    """Each of the n x n pairs is a question of its own: do they belong together? (SigLIP, arXiv 2303.15343).

    The bias learns; it starts where SigLIP's does: at first no pair belongs together, which is right for nearly all.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.tensor(INITIAL_BIAS))

    def forward(
        self, prediction: torch.Tensor, target: torch.Tensor, scale: torch.Tensor, same: torch.Tensor
    ) -> torch.Tensor:
        """See `Loss.forward`; the sum over all pairs that are not `same`, divided by n as published."""
        cosines = functional.normalize(prediction, dim=-1) @ functional.normalize(target, dim=-1).T
        positive = torch.eye(len(same), dtype=torch.bool, device=same.device)
        logits = scale * cosines + self.bias
        terms = -functional.logsigmoid(torch.where(positive, logits, -logits))
        return terms.masked_fill(same & ~positive, 0).sum() / len(same)
