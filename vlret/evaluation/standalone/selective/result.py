"""The result of `vlret bench selective`; `to_json` gives the content of `result.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vlret.evaluation.results.json_codec import OPTIONAL, encode
from vlret.evaluation.standalone.captions import Score

METRICS = ("CIDEr", "embedding")
"""What is asked for equal quality."""


@dataclass(frozen=True, slots=True)
class Point:
    """What a method scores with one setting.

    Attributes:
        method: of `methods.METHODS`.
        setting, value: what was set ("interval_s", "least_error" or "threshold") and to what.
        sentences, decodes: how many were said, and for how many of them the captioner was called.
        seconds_per_decode: of video.
        scores: CIDEr, embedding (mean cosine x 100) and, where all annotations have an end, SODA (x 100).
        minus_uniform: difference from uniform decoding at 1 Hz, paired by annotation, of `METRICS`.
        repeated: share of the sentences, in per cent, that are the same as the one before.
        decoding_seconds: decodes times the mean time of one decode in this run.
        mean_delay_s, longest_delay_s: from the start of what is described to the decision; None: after the whole
            video.
    """

    method: str
    setting: str
    value: float
    sentences: int
    decodes: int
    seconds_per_decode: float
    scores: Mapping[str, Score]
    minus_uniform: Mapping[str, Score]
    repeated: float
    decoding_seconds: float
    mean_delay_s: float | None = field(default=None, metadata=OPTIONAL)
    longest_delay_s: float | None = field(default=None, metadata=OPTIONAL)

    @property
    def is_as_good(self) -> bool:
        """Whether the intervals of all differences from uniform decoding at 1 Hz include zero or are above it."""
        return all(difference.high >= 0 for difference in self.minus_uniform.values())


@dataclass(frozen=True, slots=True)
class Headline:
    """The fewest decodes with which a method is as good as uniform decoding at 1 Hz.

    Attributes:
        point: with these decodes. None: no point of the method with as many as one a second or fewer is as good.
        times_fewer: decodes of uniform decoding at 1 Hz divided by those of the point.
    """

    method: str
    point: Point | None
    times_fewer: float | None


@dataclass(frozen=True, slots=True)
class SelectiveProtocol:
    """The choices that change the numbers.

    Attributes:
        rate_hz, length_s: of the sliding windows.
        online_delay_s: the longest delay that the on-line methods may take.
    """

    rate_hz: float
    length_s: float
    online_delay_s: float
    pairing: str = "each annotation with the sentence whose time is nearest to the annotation's middle"
    cider: str = (
        "CIDEr-D x 100: n-grams of 1 to 4 words, sigma 6, their weights from the annotations of the whole set"
    )
    embedding: str = (
        "cosine x 100 of the embeddings of annotation and sentence by the model's own text encoder"
    )
    soda: str = "SODA_c x 100 with the embedding score in place of METEOR"
    intervals: str = "95% bootstrap of whole videos; differences are paired by annotation"


@dataclass(frozen=True, slots=True)
class SelectiveResult:
    """All points of a run.

    Attributes:
        created: UTC, ISO 8601.
        model: its card, dtype and device; captioner: its name.
        set: name of the annotations, number of videos, annotations and seconds, hashes, and missing videos.
        points: in the order of the methods, each from many decodes to few.
        headlines: one for each method with a curve.
        against_shots: difference of `METRICS` between selective decoding with as many decodes as shots and shot cuts.
    """

    created: str
    protocol: SelectiveProtocol
    model: Mapping[str, Any]
    captioner: str
    set: Mapping[str, Any]
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    points: tuple[Point, ...]
    headlines: tuple[Headline, ...]
    against_shots: Mapping[str, Score]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"task": "selective", **encode(self)}

    def point(self, method: str, value: float) -> Point:
        """The point of a method with one setting."""
        return next(one for one in self.points if (one.method, one.value) == (method, value))
