"""Decoded frames to the X-encoder's input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from vlret.media.squash import squash
from vlret.types import Pixels

LONGEST = 4
"""A frame is cut to this ratio of sides before it is resized: one of 1 x 65,535 pixels fills no memory."""


def x_encoder_input(
    pixels: Pixels, side: int, resize: str, mean: Sequence[float], std: Sequence[float]
) -> torch.Tensor:
    """Return frames uint8 [t, h, w, 3] as float32 [t, 3, side, side], normalised by `normalise`.

    `resize` is that of the model's card: "squash" ignores their shape, "crop" is `centre_crop`.
    """
    if resize == "crop":
        return torch.cat([centre_crop(normalise(frame[None], mean, std), side) for frame in pixels])
    return normalise(squash(pixels, (side, side)), mean, std)


def centre_crop(frames: torch.Tensor, side: int) -> torch.Tensor:
    """Return the middle [t, 3, side, side] of frames float32 [t, 3, h, w] whose shorter side is resized to `side`."""
    from torchvision.transforms.functional import center_crop, resize

    longest = LONGEST * min(frames.shape[-2:])
    frames = center_crop(frames, [min(length, longest) for length in frames.shape[-2:]])
    cropped: torch.Tensor = center_crop(resize(frames, [side], antialias=True), [side])
    return cropped


def normalise(pixels: Pixels, mean: Sequence[float], std: Sequence[float]) -> torch.Tensor:
    """Return uint8 [..., h, w, 3] as float32 [..., 3, h, w], by mean and deviation of values in 0..1."""
    # a copy: torch shares memory only with arrays that may be written to
    values = torch.from_numpy(np.array(pixels, order="C")).movedim(-1, -3).float() / 255
    shape = (3, 1, 1)
    return (values - torch.tensor(mean).view(shape)) / torch.tensor(std).view(shape)
