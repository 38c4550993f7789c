"""R@1 on dev against values counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from vlret.training.joint.recall import DevEmbeddings


def test_any_clip_with_the_text_counts() -> None:
    clips = np.eye(4, dtype=np.float32)
    texts = clips[[1, 0, 2, 0]]  # the first two are exchanged, the last one finds clip 0
    ids = np.arange(4)
    assert DevEmbeddings(clips, texts, ids, np.array([0, 1, 2, 3])).recall() == pytest.approx(25)
    assert DevEmbeddings(clips, texts, ids, np.array([0, 0, 2, 3])).recall() == pytest.approx(75)
    assert DevEmbeddings(clips, texts, ids, np.array([0, 0, 2, 0])).recall() == pytest.approx(100)
