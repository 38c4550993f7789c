from __future__ import annotations

import numpy as np
from PIL import Image

from vlret.media.squash import squash


def test_frames_are_resized_one_by_one_whatever_their_aspect_ratio():
    frames = np.random.default_rng(0).integers(0, 256, (2, 12, 20, 3), np.uint8)
    squashed = squash(frames, (6, 8))
    assert squashed.shape == (2, 8, 6, 3)
    expected = Image.fromarray(frames[1]).resize((6, 8), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(squashed[1], np.asarray(expected))


def test_frames_of_that_size_are_returned_as_they_are():
    frames = np.zeros((1, 8, 6, 3), np.uint8)
    assert squash(frames, (6, 8)) is frames
