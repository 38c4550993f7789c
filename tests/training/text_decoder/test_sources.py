from __future__ import annotations

import numpy as np

from vlret.training.text_decoder.captions import grouped
from vlret.training.text_decoder.sources import mixed_captions, predicted


def test_a_mixture_lies_between_the_captions_of_its_image():
    captions = grouped([["a", "b"], ["c"]], [])
    rows = np.eye(3, dtype=np.float16)
    drawn = mixed_captions(captions, rows)(np.array([0, 1, 0]), np.random.default_rng(0))
    assert drawn.dtype == np.float32
    assert np.allclose(drawn.sum(1), 1, atol=1e-3)
    assert np.allclose(drawn[1], rows[2], atol=1e-3)
    assert (drawn[[0, 2], 2] == 0).all()
    assert not np.allclose(drawn[0], drawn[2])


def test_a_prediction_is_that_of_its_image():
    rows = np.arange(6, dtype=np.float16).reshape(3, 2)
    assert predicted(rows)(np.array([2, 0]), np.random.default_rng(0)).tolist() == [[4, 5], [0, 1]]
