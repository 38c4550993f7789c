"""Vectors of clips that nobody filmed: drawn around the vectors of real ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vlret.types import Vectors
from vlret.vectors import unit_rows

FILE_CLIPS = 10
"""Clips of a file."""
FILE_NOISE, CLIP_NOISE = 0.5, 0.5
"""Lengths of what sets a file apart from the real clip it is drawn around, and a clip from its file."""
_SEED = 26


@dataclass(frozen=True, slots=True, eq=False)
class DrawnVectors:
    """Files of `FILE_CLIPS` clips each, any of which can be drawn without those before it.

    A file lies around one of the real vectors, its clips around the file; the noise of both has the covariance of the
    real vectors, so that drawn vectors fill the same few directions.

    Attributes:
        real: vectors of real clips, float32 [m, dim], unit length.
        shape: float32 [dim, dim]; standard normal rows times it have the covariance of `real` and mean length 1.
    """

    real: Vectors
    shape: Vectors

    @classmethod
    def around(cls, real: Vectors) -> DrawnVectors:
        """Draw around these vectors, float32 [m, dim], unit length, m at least 2."""
        _, lengths, directions = np.linalg.svd(real - real.mean(0), full_matrices=False)
        shape = lengths[:, None] / np.linalg.norm(lengths) * directions
        return cls(real, shape.astype(np.float32))

    def of_files(self, first: int, n: int) -> Vectors:
        """The clips of the `n` files from number `first` on, float32 [n * FILE_CLIPS, dim], unit length.

        The same files are drawn each time if they are asked for with the same `first`.
        """
        random = np.random.default_rng((_SEED, first))
        centres = self.real[random.integers(len(self.real), size=n)]
        files = unit_rows(centres + FILE_NOISE * self._noise(random, n))
        clips = np.repeat(files, FILE_CLIPS, 0)
        return unit_rows(clips + CLIP_NOISE * self._noise(random, len(clips)))

    def _noise(self, random: np.random.Generator, n: int) -> Vectors:
        noise: Vectors = random.standard_normal((n, len(self.shape)), np.float32) @ self.shape
        return noise
