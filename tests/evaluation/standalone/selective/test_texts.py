"""Each vector is captioned once."""

from __future__ import annotations

import numpy as np

from vlret.evaluation.standalone.selective.texts import TextsOfVectors
from vlret.models.captioners.base import Captioner
from vlret.types import Caption


class Counting(Captioner):
    name, revision, space = "counting", "1", ""

    def __init__(self):
        self.n = 0

    def caption(self, embeddings):
        self.n += len(embeddings)
        return [Caption(str(int(row.argmax())), 1.0) for row in embeddings]


def test_equal_vectors_share_a_text():
    texts, captioner = TextsOfVectors(), Counting()
    rows = np.eye(400, dtype=np.float32)
    first, second = texts.add(rows[[3, 1, 3]]), texts.add(rows[[1, 7]])
    rest = texts.add(rows)
    written = texts.write(captioner)
    assert [written[i] for i in (*first, *second)] == ["3", "1", "3", "1", "7"]
    assert [written[i] for i in rest] == [str(i) for i in range(400)]
    assert captioner.n == 400
    assert texts.seconds_per_decode > 0
