"""The values that travel between the layers: frozen, with shapes and units in their docstrings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlret.errors import UsageError

Pixels = NDArray[np.uint8]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Clip:
    """A part of a video: `[start, end)` in seconds from the first frame shown.

    `end=None` means to the end of the file. An image is a clip of one frame (`start=0`, `end=None`).
    """

    path: Path
    start: float = 0.0
    end: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        if self.start < 0 or (self.end is not None and self.end <= self.start):
            raise UsageError(
                f"A clip of {self.path} was given as start={self.start}, end={self.end} s.",
                "Give 0 <= start < end in seconds.",
            )


@dataclass(frozen=True, slots=True)
class Frames:
    """Decoded frames: `pixels` uint8 [n, height, width, 3] RGB, `times` float64 [n].

    `times` are the true time stamps in seconds from the first frame shown.
    """

    pixels: Pixels
    times: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 4 or self.pixels.shape[3] != 3:
            raise UsageError(
                f"Frames were given as {self.pixels.dtype} {self.pixels.shape}.",
                "Give uint8 [n, height, width, 3] in RGB.",
            )
        if self.times.shape != (len(self.pixels),):
            raise UsageError(f"{len(self.pixels)} frames came with times of shape {self.times.shape}.")

    def __len__(self) -> int:
        return len(self.pixels)

    def __repr__(self) -> str:
        return f"Frames(pixels={self.pixels.shape}, times={np.round(self.times, 3).tolist()})"


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result; `score` is the cosine, `start` and `end` are seconds, `rank` counts from 1."""

    rank: int
    score: float
    path: str
    start: float
    end: float
    clip_id: int


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One candidate label: cosine and softmax probability at the model's temperature."""

    label: str
    score: float
    probability: float


@dataclass(frozen=True, slots=True)
class Label:
    """The label of one clip (`unknown` below the threshold), its margin to the second, and the top list.

    `score` is the cosine of the best candidate, `margin` its distance to the second best.
    """

    path: str
    start: float
    end: float | None
    label: str
    score: float
    probability: float
    margin: float
    top: tuple[LabelScore, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate answer and its cosine."""

    answer: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The nearest of the candidate answers to a question about one clip; `candidates` are best first."""

    path: str
    question: str
    answer: str
    candidates: tuple[Candidate, ...]
