"""Frames at a fixed size, whatever their aspect ratio."""

from __future__ import annotations

import numpy as np
from PIL import Image

from vlret.types import Pixels


def squash(frames: Pixels, size: tuple[int, int]) -> Pixels:
    """Return frames uint8 [t, h, w, 3] resized to `size` (width, height), bicubic; unchanged if they have it."""
    if frames.shape[2:0:-1] == size:
        return frames
    return np.stack([np.asarray(squash_image(Image.fromarray(frame), size)) for frame in frames])


def squash_image(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the image resized to `size` (width, height), bicubic."""
    return image.resize(size, Image.Resampling.BICUBIC)
