"""What the methods see of a video."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlret.types import Vectors

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WindowedVideo:
    """A video by its sliding windows.

    Attributes:
        starts_s, ends_s: of the windows in seconds, float64 [n].
        vectors: their predicted embeddings, float32 [n, dim] of unit length.
        duration_s: of the video.
        changes: mean absolute difference of the frame in the middle of each window to that of the one before, 0 to
            255, float64 [n]; the first is 0.
        shots_s: where PySceneDetect finds that shots begin, float64, the first at 0.
    """

    starts_s: Floats
    ends_s: Floats
    vectors: Vectors
    duration_s: float
    changes: Floats
    shots_s: Floats

    @property
    def centres_s(self) -> Floats:
        """The middles of the windows, float64 [n]."""
        middles: Floats = (self.starts_s + self.ends_s) / 2
        return middles

    def __len__(self) -> int:
        return len(self.vectors)


@dataclass(frozen=True, slots=True)
class Sentences:
    """What a method says of a video when: one sentence a row, in order of time.

    Attributes:
        starts_s, ends_s: the time that each stands for, float64 [n].
        times_s: when it is said for the pairing with annotations, float64 [n].
        vectors: what is decoded, float32 [n, dim] of unit length.
        source: int64 [n], the row whose text it takes: its own where it is decoded, else an earlier one.
        delays_s: seconds from its start to its decision, float64 [n]; None: decided after the whole video.
    """

    starts_s: Floats
    ends_s: Floats
    times_s: Floats
    vectors: Vectors
    source: NDArray[np.int64]
    delays_s: Floats | None = None

    @property
    def decodes(self) -> int:
        """How often the captioner is called."""
        return int((self.source == np.arange(len(self.source))).sum())
