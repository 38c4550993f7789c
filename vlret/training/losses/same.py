"""Which pairs of a batch are no negatives of each other."""

from __future__ import annotations

import torch


def same_pairs(inputs: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
    """Return bool [n, n], True where pairs i and j have the same input or the same text.

    Args:
        inputs: int64 [n], equal where the clip and its query are.
        texts: int64 [n], equal where the texts are.
    """
    return (inputs[:, None] == inputs) | (texts[:, None] == texts)
