"""The answers of the service, as the OpenAPI document describes them. Times are in seconds."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class IndexReply(BaseModel):
    """An index; `calibrated`: its model is loaded and gives probabilities."""

    id: str
    name: str
    clips: int
    files: int
    model: str
    calibrated: bool


class IndexesReply(BaseModel):
    """The indexes that can be searched, the formats of exports, and whether answers hold paths."""

    indexes: list[IndexReply]
    formats: list[str]
    show_paths: bool


class OnDisk(BaseModel):
    """Only where the service shows paths."""

    path: str = Field(default="", description="Only where the service shows paths.")
    player_command: str = Field(
        default="", description="Plays the file from there; only where paths are shown."
    )


class ClipReply(OnDisk):
    """A clip of an index, with the addresses of its pictures and of playback."""

    index: str
    clip_id: int
    media_id: str
    name: str
    start: float
    end: float
    duration: float | None = Field(description="Of the file; null for an image.")
    kind: Literal["video", "image"]
    copies: list[str] = Field(description="Files with the same footage.")
    more_clips: int = Field(description="Other clips of the file that fit.")
    gone: bool = Field(description="The file is not there any more.")
    thumbnail: str
    sprite: str | None
    play: str | None
    file: str | None = Field(description="The whole file, where browsers are known to play it as it is.")


class HitReply(ClipReply):
    """A hit of a search."""

    rank: int
    score: float = Field(description="Cosine.")
    probability: float | None = Field(description="That the hit is right; null without calibration.")


class SearchReply(BaseModel):
    """The hits of a page, best first; `nothing_fits`: the indexes probably hold no answer."""

    query: str
    nothing_fits: bool
    warnings: list[str]
    page: int
    has_next: bool
    hits: list[HitReply]


class MediaReply(OnDisk):
    """A media file; `size` in bytes, `mtime` in seconds since 1970, `taken` the capture time where it is known."""

    media_id: str
    name: str
    width: int
    height: int
    codec: str
    size: int
    mtime: float
    taken: str | None
    clips: int
    duration: float | None
    file: str | None


class ClipMediaReply(ClipReply, MediaReply):
    """A clip, and what is known of its file."""


class SpanReply(BaseModel):
    """A moment: `[start, end)` and its highest cosine."""

    start: float
    end: float
    score: float


class CurveReply(BaseModel):
    """The cosine of a query at the times of a file, and the moments that answer it, best first."""

    times: list[float]
    scores: list[float]
    spans: list[SpanReply]
    duration: float


class LabelScoreReply(BaseModel):
    """A label, its cosine, and its probability over all labels given."""

    label: str
    score: float
    probability: float


class LabelReply(LabelScoreReply):
    """The best label of a clip, and the next ones."""

    clip_id: int
    top: list[LabelScoreReply]


class LabelsReply(BaseModel):
    """One item a clip, in the order given."""

    items: list[LabelReply]


class CandidateReply(BaseModel):
    """A candidate answer and its cosine."""

    answer: str
    score: float


class VqaReply(BaseModel):
    """The nearest answer, and all candidates, best first."""

    question: str
    answer: str
    candidates: list[CandidateReply]


class CaptionReply(BaseModel):
    """The caption of a clip; "unknown" where it looks like nothing that the model knows."""

    clip_id: int
    text: str
    score: float


class CaptionsReply(BaseModel):
    """One item a clip, in the order given."""

    items: list[CaptionReply]


class HealthReply(BaseModel):
    """`ready`: all models are loaded; `message` says why one cannot be."""

    status: Literal["ok"]
    ready: bool
    message: str | None
