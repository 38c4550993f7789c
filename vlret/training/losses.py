"""InfoNCE over a batch, with equal targets told apart from negatives."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

MAX_SCALE = 100.0


def info_nce(
    prediction: torch.Tensor, target: torch.Tensor, scale: torch.Tensor, same: torch.Tensor
) -> torch.Tensor:
    """Bidirectional InfoNCE (paper, section 3.2), the mean of both directions.

    Args:
        prediction, target: float [n, dim], unit length, row i of one belongs to row i of the other.
        scale: multiplies cosines (1 / temperature).
        same: bool [n, n], True where target j is also true of clip i (another caption of the same clip, an
            equal text): such pairs are neither positive nor negative. The diagonal is ignored.
    """
    own = torch.eye(len(prediction), dtype=torch.bool, device=prediction.device)
    logits = (scale * prediction @ target.T).masked_fill(same & ~own, float("-inf"))
    labels = torch.arange(len(prediction), device=prediction.device)
    return (functional.cross_entropy(logits, labels) + functional.cross_entropy(logits.T, labels)) / 2


def caption_loss(
    prediction: torch.Tensor,
    states: torch.Tensor,
    head: Callable[[torch.Tensor], torch.Tensor],
    log_scale: torch.Tensor,
) -> torch.Tensor:
    """`info_nce` between predictions [n, dim] and the pooled text states [n, hidden] of one caption of each.

    Equal captions of two items are told by their equal states.
    """
    same = (states[:, None, :8] == states[None, :, :8]).all(-1)
    target = functional.normalize(head(states), dim=-1)
    return info_nce(prediction, target, log_scale.exp().clamp(max=MAX_SCALE), same)


def answer_loss(
    prediction: torch.Tensor, answers: torch.Tensor, scale: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """InfoNCE from each question to the distinct answers [a, dim]; `labels` int64 [n]."""
    return functional.cross_entropy(scale * prediction @ answers.T, labels)
