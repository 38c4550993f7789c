"""A heat map as a picture to lay over its frame."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLOUR = (255, 64, 0)
MOST_ALPHA = 190


def overlay_png(heat: NDArray[np.float32], width: int, height: int) -> bytes:
    """A PNG of `width` x `height` pixels: one colour, most opaque where `heat` [rows, columns] is highest.

    Cells of 0 or less are clear; between the middles of cells it is interpolated.
    """
    share = np.maximum(heat, 0) / max(float(heat.max()), 1e-6)
    alpha = Image.fromarray((share * MOST_ALPHA).round().astype(np.uint8))
    picture = Image.new("RGB", (width, height), COLOUR)
    picture.putalpha(alpha.resize((width, height), Image.Resampling.BILINEAR))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
