"""`ExportClip`: what an export holds of a clip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vlret.remote_path import path_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vlret.types import ClipCaption, Hit, Label


@dataclass(frozen=True, slots=True)
class ExportClip:
    """A clip for `write_export`.

    Attributes:
        path: the media file.
        start, end: seconds from its first frame; `end` is that of the file if None, and `start` for an image.
        text: what it shows: the query, the label or the caption.
        score: cosine; None if there is none.
        probability: calibrated probability; None if there is none.
    """

    path: Path
    start: float
    end: float | None
    text: str = ""
    score: float | None = None
    probability: float | None = None


def clips_of_hits(hits: Iterable[Hit], text: str) -> list[ExportClip]:
    """Return the clips of a search for `text`."""
    return [
        ExportClip(path_of(hit.path), hit.start, hit.end, text, hit.score, hit.probability) for hit in hits
    ]


def clips_of_labels(labels: Iterable[Label]) -> list[ExportClip]:
    """Return labelled clips."""
    return [
        ExportClip(path_of(item.path), item.start, item.end, item.label, item.score, item.probability)
        for item in labels
    ]


def clips_of_captions(captions: Iterable[ClipCaption]) -> list[ExportClip]:
    """Return captioned clips."""
    return [ExportClip(path_of(item.path), item.start, item.end, item.text, item.score) for item in captions]
