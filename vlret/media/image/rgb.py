"""Pillow images of any mode as RGB."""

from __future__ import annotations

from typing import cast

import numpy as np
from PIL import Image

LARGE_PIXELS = 32_000_000
"""An image with more pixels is shrunk strip by strip where a smaller size is requested."""
_STRIP_PIXELS = 4_000_000
_WHITES = (1.0, 255.0, 65535.0)


def to_rgb(image: Image.Image, white: float | None = None) -> Image.Image:
    """Return `image` in mode RGB, transparency composited on white.

    Args:
        image: of any mode.
        white: the value that is white in a grey image of more than 8 bits; None takes it from the image.
    """
    if image.mode.startswith("I;16"):  # Pillow's own conversion would cut it at 255
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        return _deep_grey(image, white or _white(image))
    if "A" in image.getbands() or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def shrunk_to_rgb(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return `to_rgb` of a large image with little memory: at least twice as large as `size`, or not shrunk."""
    factor = max(1, min(image.width // size[0], image.height // size[1]) // 2)
    white = _white(image) if image.mode in ("I", "F") else None
    small = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
    rows = factor * max(1, _STRIP_PIXELS // (image.width * factor))
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        small.paste(to_rgb(strip, white).reduce(factor), (0, top // factor))
    return small


def _white(image: Image.Image) -> float:
    """Return the largest value of the range that the values seem to have."""
    top = float(cast(tuple[float, float], image.getextrema())[1])
    return next((white for white in _WHITES if not top > white), top)


def _deep_grey(image: Image.Image, white: float) -> Image.Image:
    values = np.nan_to_num(np.asarray(image, np.float32)) * (255 / white)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8)).convert("RGB")
