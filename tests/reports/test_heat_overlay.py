"""heat_overlay.py: opaque where it is hot, clear elsewhere."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from vlret.reports.heat_overlay import COLOUR, MOST_ALPHA, overlay_png


def pixels(heat) -> np.ndarray:
    picture = Image.open(io.BytesIO(overlay_png(np.float32(heat), 80, 40)))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "RGBA", (80, 40))
    return np.asarray(picture)


def test_the_hottest_cell_is_the_most_opaque():
    found = pixels([[0, 0, 0, 0.2], [-0.5, 0, 0, 0]])
    assert (found[..., :3] == COLOUR).all()
    assert found[5, 75, 3] == MOST_ALPHA
    assert (found[:, :40, 3] == 0).all()
    assert found[35, 5, 3] == 0


def test_it_is_scaled_to_its_own_maximum_and_clear_without_one():
    assert (pixels([[0.1, 0.0]]) == pixels([[0.3, 0.0]])).all()
    assert (pixels([[-0.1, 0.0], [0, -2]])[..., 3] == 0).all()
