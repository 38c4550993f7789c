"""Equal captions are recognised by what the Y-encoder reads."""

from __future__ import annotations

import numpy as np
import torch

from vlret.training.data import TrainingData


def test_equal_captions_share_an_id_whatever_their_states() -> None:
    ids = [[2, 4, 3], [2, 5, 3], [2, 4, 3], [2, 4, 5, 3]]
    states = torch.randn(4, 6)  # rounding may differ between equal captions
    data = TrainingData([], [], [], ids, states, np.arange(4), [])
    assert data.caption_ids.tolist() == [0, 1, 0, 2]
    same = data.same_captions(np.array([2, 1, 0]))
    assert same.nonzero().tolist() == [[0, 0], [0, 2], [1, 1], [2, 0], [2, 2]]
