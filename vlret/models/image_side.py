"""The size of the images that a model of transformers sees."""

from __future__ import annotations

from typing import Any

ANY_SIZE = 448
"""The side given to a model that takes images of any size, for benchmarks that squash frames."""


def image_side(processor: Any) -> int:
    """Side in pixels of the images that `processor`, or the image processor in it, makes; else `ANY_SIZE`."""
    images = getattr(processor, "image_processor", processor)
    for size in (getattr(images, "crop_size", None), getattr(images, "size", None)):
        if size and size.get("height") and size.get("width"):
            return int(max(size["height"], size["width"]))
    return ANY_SIZE
