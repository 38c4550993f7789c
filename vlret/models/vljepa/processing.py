"""Decoded frames to the X-encoder's input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from vlret.types import Pixels


def squash(pixels: Pixels, side: int) -> Pixels:
    """Frames uint8 [t, h, w, 3] resized to [t, side, side, 3] whatever their shape (bicubic)."""
    if pixels.shape[1:3] == (side, side):
        return pixels
    return np.stack(
        [np.asarray(Image.fromarray(f).resize((side, side), Image.Resampling.BICUBIC)) for f in pixels]
    )


def normalise(pixels: Pixels, mean: Sequence[float], std: Sequence[float]) -> torch.Tensor:
    """uint8 [..., h, w, 3] to float32 [..., 3, h, w], mean and deviation of values in 0..1."""
    # a copy: torch shares memory only with arrays that may be written to
    values = torch.from_numpy(np.array(pixels, order="C")).movedim(-1, -3).float() / 255
    shape = (3, 1, 1)
    return (values - torch.tensor(mean).view(shape)) / torch.tensor(std).view(shape)
