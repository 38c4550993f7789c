"""Decoded frames to the X-encoder's input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from vlret.media.squash import squash
from vlret.types import Pixels


def x_encoder_input(pixels: Pixels, side: int, mean: Sequence[float], std: Sequence[float]) -> torch.Tensor:
    """Return frames uint8 [t, h, w, 3] as float32 [t, 3, side, side]: squashed, then normalised by `normalise`."""
    return normalise(squash(pixels, (side, side)), mean, std)


def normalise(pixels: Pixels, mean: Sequence[float], std: Sequence[float]) -> torch.Tensor:
    """Return uint8 [..., h, w, 3] as float32 [..., 3, h, w], by mean and deviation of values in 0..1."""
    # a copy: torch shares memory only with arrays that may be written to
    values = torch.from_numpy(np.array(pixels, order="C")).movedim(-1, -3).float() / 255
    shape = (3, 1, 1)
    return (values - torch.tensor(mean).view(shape)) / torch.tensor(std).view(shape)
