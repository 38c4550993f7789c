"""InfoNCE over a batch, without equal targets as negatives."""

from __future__ import annotations

import torch
from torch.nn import functional

from vlret.training.losses.base import Loss

MAX_SCALE = 100.0


def info_nce(
    prediction: torch.Tensor,
    target: torch.Tensor,
    scale: torch.Tensor,
    same: torch.Tensor,
    label_smoothing: float = 0.0,
) -> torch.Tensor:
    """Bidirectional InfoNCE (paper, section 3.2), the mean of both directions.

    Args:
        prediction, target: float [n, dim], unit length, row i of one belongs to row i of the other.
        scale: multiplies cosines (1 / temperature).
        same: bool [n, n], True where target j also describes clip i (another caption of the same clip, an
            equal text): such pairs are neither positive nor negative. The diagonal is ignored.
        label_smoothing: share of the target that is spread over the batch: captions of other clips are often half true.
    """
    ignored = same & ~torch.eye(len(prediction), dtype=torch.bool, device=prediction.device)
    logits = (scale * prediction @ target.T).masked_fill(ignored, float("-inf"))
    return (_diagonal(logits, ignored, label_smoothing) + _diagonal(logits.T, ignored.T, label_smoothing)) / 2


def _diagonal(logits: torch.Tensor, ignored: torch.Tensor, label_smoothing: float) -> torch.Tensor:
    """Cross-entropy of rows whose label is their own position; `functional`'s smooths over ignored columns, too."""
    log_p = logits.log_softmax(1)
    spread = log_p.masked_fill(ignored, 0).mean(1)
    return -torch.lerp(log_p.diagonal(), spread, label_smoothing).mean()


def caption_loss(
    prediction: torch.Tensor,
    target: torch.Tensor,
    log_scale: torch.Tensor,
    same: torch.Tensor,
    label_smoothing: float = 0.0,
) -> torch.Tensor:
    """`info_nce` between predictions [n, dim] and embeddings [n, dim], of any length, of one caption of each."""
    scale = log_scale.exp().clamp(max=MAX_SCALE)
    return info_nce(prediction, functional.normalize(target, dim=-1), scale, same, label_smoothing)


def answer_loss(
    prediction: torch.Tensor, answers: torch.Tensor, scale: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """InfoNCE from each question to the distinct answers [a, dim]; `labels` int64 [n]."""
    return functional.cross_entropy(scale * prediction @ answers.T, labels)


class InfoNCE(Loss):
    """`info_nce` of cosines, the loss of the paper (section 3.2)."""

    def forward(
        self, prediction: torch.Tensor, target: torch.Tensor, scale: torch.Tensor, same: torch.Tensor
    ) -> torch.Tensor:
        """See `Loss.forward`."""
        return info_nce(
            functional.normalize(prediction, dim=-1), functional.normalize(target, dim=-1), scale, same
        )
