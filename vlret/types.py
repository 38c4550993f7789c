"""The values passed between the layers: frozen, with shapes and units in their docstrings."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from numbers import Integral, Real
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from vlret.errors import UsageError
from vlret.remote_path import path_of

Pixels = NDArray[np.uint8]
Vectors = NDArray[np.float32]
Tokens = NDArray[np.float32]
"""The visual tokens of a clip, [tokens, width]."""
Ids = NDArray[np.int64]

PIXELS = "uint8 [n, height, width, 3], RGB values from 0 to 255"


def as_pixels(given: object, what: str) -> Pixels:
    """Return `given` as uint8 [n, height, width, 3]; an image uint8 [height, width, 3] becomes one frame.

    Raises:
        UsageError: it is anything else; the message begins with `what`.
    """
    if not isinstance(given, np.ndarray):
        raise UsageError(
            f"{what} was given as {type_name(given)}.", f"Give a numpy array {PIXELS}.", code="wrong_type"
        )
    if given.dtype != np.uint8 or given.ndim not in (3, 4) or given.shape[-1] != 3:
        shape = "".join(f"{n}, " for n in given.shape)[:-2]
        raise UsageError(
            f"{what} was given as {given.dtype} [{shape}].", f"Give {PIXELS}.", code="not_pixels"
        )
    return given if given.ndim == 4 else given[None]


def as_path(given: object, what: str) -> Path:
    """Return `given` as a path, a `RemotePath` where it is one.

    Raises:
        UsageError: it is neither a str nor a Path; the message begins with `what`.
    """
    if not isinstance(given, (str, os.PathLike)):
        raise UsageError(
            f"{what} was given as {type_name(given)}.", "Give a str or a Path.", code="wrong_type"
        )
    return path_of(given)


def check_count(value: object, name: str) -> None:
    """Raise `UsageError` unless `value` is a positive integer."""
    if not isinstance(value, Integral) or value < 1:
        raise UsageError(
            f"{name} was given as {value!r}.", "Give a positive integer.", code="not_a_count", given=value
        )


def type_name(value: object) -> str:
    """Return the type of `value` as users know it: `list`, `torch.Tensor`, `PIL.PngImagePlugin.PngImageFile`."""
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
        return cls(path_of(path), float(start), float(end) if end is not None and end > start else None)

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
                code="invalid_span",
                path=self.path,
                start=self.start,
                end=self.end,
            )


def location(clip: Path | Clip | Pixels) -> tuple[str, float, float | None]:
    """Return (path, start, end) of a clip as results state it; the path of decoded frames is ""."""
    if isinstance(clip, Clip):
        return str(clip.path), clip.start, clip.end
    return (str(clip) if isinstance(clip, Path) else ""), 0.0, None


@dataclass(frozen=True, slots=True)
class Frames:
    """Decoded frames: `pixels` uint8 [n, height, width, 3] RGB, `times` float64 [n].

    `times` are the true timestamps in seconds from the first frame shown.
    """

    pixels: Pixels
    times: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "pixels", as_pixels(self.pixels, "The array of frames"))
        if not isinstance(self.times, np.ndarray) or self.times.shape != (len(self.pixels),):
            raise UsageError(
                f"{len(self.pixels)} frames were given with times of shape {np.shape(self.times)}.",
                "Give a numpy array with one time per frame, in seconds.",
                code="frame_times_mismatch",
            )

    def __len__(self) -> int:
        return len(self.pixels)

    def __repr__(self) -> str:
        return f"Frames(pixels={self.pixels.shape}, times={np.round(self.times, 3).tolist()})"


@dataclass(frozen=True, slots=True)
class QueryVector:
    """A query that is embedded already: `vector` float32 [dim], of unit length, by the model of the index.

    `is_text` says that it was a sentence, and not an image or video.
    """

    vector: Vectors = field(compare=False, repr=False)
    is_text: bool = False


@dataclass(frozen=True, slots=True, order=True)
class SkippedFile:
    """A file that was skipped, or read only in part, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result; `score` is the cosine, `start` and `end` are seconds, `rank` counts from 1.

    `probability` is the calibrated probability that the hit is right, None where the model has no calibration;
    `copies` are the files that hold the same footage and were folded into this hit; `index` is the folder of the
    hit's index; `more_clips` counts the clips of the same file that fit, too, where each file is one hit.
    """

    rank: int
    score: float
    path: str
    start: float
    end: float
    clip_id: int
    probability: float | None = None
    copies: tuple[str, ...] = ()
    index: str = ""
    more_clips: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Hits(Sequence[Hit]):
    """The hits of one search, best first: used like a list of `Hit`.

    `warnings` says in a sentence each what may make them worse than expected, such as a text that was cut;
    `has_next`: there are more hits, on the next page; `nothing_fits`: the index probably holds no answer.
    """

    hits: tuple[Hit, ...]
    warnings: tuple[str, ...] = ()
    has_next: bool = False
    nothing_fits: bool = False

    @overload
    def __getitem__(self, place: int) -> Hit: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, place: int | slice) -> Hit | tuple[Hit, ...]:
        """The hit at a place (0 is the best), or the hits of a slice."""
        return self.hits[place]

    def __len__(self) -> int:
        return len(self.hits)


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One candidate label: cosine and softmax probability at the model's temperature."""

    label: str
    score: float
    probability: float


@dataclass(frozen=True, slots=True)
class Label:
    """The label of one clip ("unknown" below the threshold) and the best candidates.

    `score` is the cosine of the best candidate, `margin` its difference to that of the second best.
    """

    path: str
    start: float
    end: float | None
    label: str
    score: float
    probability: float
    margin: float
    top: tuple[LabelScore, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return {**asdict(self), "top": [asdict(score) for score in self.top]}


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of windows of one file that belong together: `[start, end)` in seconds; an image ends where it starts.

    `vector` is the embedding of the window nearest to the segment's middle, float32 [dim], and `midpoint` that
    window's centre in seconds; `mean` is the mean of the embeddings of all its windows, float32 [dim]. Both have unit
    length.
    """

    path: str
    start: float
    end: float
    midpoint: float
    vector: Vectors = field(compare=False, repr=False)
    mean: Vectors = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Caption:
    """The text for one embedding; `score` is the cosine between the text's embedding and that embedding."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class ClipCaption:
    """The caption of one clip: `start` and `end` in seconds (equal for an image), `text` and `score` as `Caption`.

    `text` is "unknown" where the clip looks like nothing that the model knows.
    """

    path: str
    start: float
    end: float
    text: str
    score: float

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return asdict(self)


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

    def to_json(self, model: str) -> dict[str, Any]:
        """Return the JSON document of an answer by `model`: its name, and the fields as plain JSON values."""
        candidates = [asdict(candidate) for candidate in self.candidates]
        return {"model": model, **asdict(self), "candidates": candidates}


def labels_to_json(model: str, labels: Sequence[str], items: Sequence[Label]) -> dict[str, Any]:
    """Return the JSON document of clips labelled by `model`: its name, all candidate labels, one item per clip."""
    return {"model": model, "labels": list(labels), "items": [item.to_json() for item in items]}


def captions_to_json(model: str, decoder: str, items: Sequence[ClipCaption]) -> dict[str, Any]:
    """Return the JSON document of clips embedded by `model` and captioned by `decoder`, a captioner's name."""
    return {"model": model, "decoder": decoder, "items": [item.to_json() for item in items]}
