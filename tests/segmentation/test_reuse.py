from __future__ import annotations

import numpy as np

from vlret.segmentation.reuse import DescribedEvents

A, B, C = np.eye(4, dtype=np.float32)[:3]


def test_the_nearest_described_event_is_found_from_the_cosine_on():
    described = DescribedEvents(0.8, 4)
    assert described.find(A) is None
    described.add(3, A)
    described.add(7, np.array([0.6, 0.8, 0, 0], np.float32))
    assert described.find(np.array([0.8, 0.6, 0, 0], np.float32)) == 7  # cosines 0.8 and 0.96
    assert described.find(A) == 3
    assert described.find(C) is None


def test_the_oldest_leaves():
    described = DescribedEvents(0.9, 2)
    for number, vector in enumerate([A, B, C]):
        described.add(number, vector)
    assert described.find(A) is None
    assert described.find(B) == 1
