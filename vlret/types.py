"""The values that travel between the layers: frozen, with shapes and units in their docstrings."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlret.errors import UsageError

Pixels = NDArray[np.uint8]
Vectors = NDArray[np.float32]

PIXELS = "uint8 [n, height, width, 3], RGB values from 0 to 255"


def as_pixels(given: object, what: str) -> Pixels:
    """`given` as uint8 [n, height, width, 3]; an image uint8 [height, width, 3] becomes one frame.

    Raises:
        UsageError: it is anything else; the message begins with `what`.
    """
    if not isinstance(given, np.ndarray):
        raise UsageError(f"{what} was given as {type_name(given)}.", f"Give a numpy array {PIXELS}.")
    if given.dtype != np.uint8 or given.ndim not in (3, 4) or given.shape[-1] != 3:
        shape = "".join(f"{n}, " for n in given.shape)[:-2]
        raise UsageError(f"{what} was given as {given.dtype} [{shape}].", f"Give {PIXELS}.")
    return given if given.ndim == 4 else given[None]


def as_path(given: object, what: str) -> Path:
    """`given` as a path.

    Raises:
        UsageError: it is neither a str nor a Path; the message begins with `what`.
    """
    if not isinstance(given, (str, os.PathLike)):
        raise UsageError(f"{what} was given as {type_name(given)}.", "Give a str or a Path.")
    return Path(given)


def check_count(value: object, name: str) -> None:
    """UsageError unless `value` is a whole number from 1 on."""
    if not isinstance(value, Integral) or value < 1:
        raise UsageError(f"{name} was given as {value!r}.", "Give a whole number, 1 or more.")


def type_name(value: object) -> str:
    """The type of `value` as a user knows it: `list`, `torch.Tensor`, `PIL.PngImagePlugin.PngImageFile`."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


@dataclass(frozen=True, slots=True)
class Clip:
    """A part of a video: `[start, end)` in seconds from the first frame shown.

    `end=None` means to the end of the file. An image is a clip of one frame (`start=0`, `end=None`); the rows of
    an index, and results that are made from them, hold its `start` as its end.
    """

    path: Path
    start: float = 0.0
    end: float | None = None

    @classmethod
    def from_row(cls, path: str, start: float, end: float | None) -> Clip:
        """Return the clip of a row of an index or of a result."""
        return cls(Path(path), float(start), float(end) if end is not None and end > start else None)

    @property
    def row_end(self) -> float:
        """The end as rows hold it: the start of an image."""
        return self.start if self.end is None else self.end

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", as_path(self.path, "The path of a clip"))
        end = math.inf if self.end is None else self.end
        if not (isinstance(self.start, Real) and isinstance(end, Real) and 0 <= self.start < end):
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
        object.__setattr__(self, "pixels", as_pixels(self.pixels, "The array of frames"))
        if not isinstance(self.times, np.ndarray) or self.times.shape != (len(self.pixels),):
            raise UsageError(
                f"{len(self.pixels)} frames came with times of shape {np.shape(self.times)}.",
                "Give a numpy array of one time for each frame, in seconds.",
            )

    def __len__(self) -> int:
        return len(self.pixels)

    def __repr__(self) -> str:
        return f"Frames(pixels={self.pixels.shape}, times={np.round(self.times, 3).tolist()})"


@dataclass(frozen=True, slots=True, order=True)
class SkippedFile:
    """A file that was skipped, or read only in part, and why."""

    path: Path
    reason: str


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
    """The nearest of the candidate answers to a question about one clip; `candidates` are best first.

    `start` and `end` are the clip in seconds; `end=None` means to the end of the file.
    """

    path: str
    start: float
    end: float | None
    question: str
    answer: str
    candidates: tuple[Candidate, ...]
