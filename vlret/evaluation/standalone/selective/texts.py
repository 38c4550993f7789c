"""The texts of many vectors, each captioned once."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from vlret.models.captioners.base import Captioner
from vlret.types import Vectors

_AT_ONCE = 256


class TextsOfVectors:
    """Collects vectors and captions those that differ.

    Attributes:
        seconds_per_decode: mean time of the captioner for one vector.
    """

    def __init__(self) -> None:
        self.seconds_per_decode = 0.0
        self._numbers: dict[bytes, int] = {}

    def add(self, vectors: Vectors) -> NDArray[np.int64]:
        """The numbers of `vectors` [n, dim] in the list that `write` returns, int64 [n]."""
        return np.array([self._numbers.setdefault(row.tobytes(), len(self._numbers)) for row in vectors])

    def write(self, captioner: Captioner) -> list[str]:
        """The text of each vector that was added."""
        rows = np.stack([np.frombuffer(row, np.float32) for row in self._numbers])
        began, texts = time.perf_counter(), []
        with tqdm(total=len(rows), desc="decoding", unit="text", disable=None) as bar:
            for first in range(0, len(rows), _AT_ONCE):
                texts += [caption.text for caption in captioner.caption(rows[first : first + _AT_ONCE])]
                bar.update(len(texts) - bar.n)
        self.seconds_per_decode = (time.perf_counter() - began) / len(rows)
        return texts
