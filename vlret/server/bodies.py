"""The bodies of requests, as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Text = Annotated[str, Field(max_length=2000)]
Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]
ClipId = Annotated[int, Field(ge=0, lt=2**63)]

MOST_HITS = 10_000
"""Hits that pages can lead to."""
_MOST_FIELDS = 30
"""No body has as many. More are refused at once: pydantic would describe each, and all other requests would wait."""


class Body(BaseModel):
    """A JSON object; names that are not known are refused."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _has_few_fields(cls, given: object) -> object:
        if isinstance(given, dict) and len(given) > _MOST_FIELDS:
            raise ValueError(f"there are more than {_MOST_FIELDS} fields")
        return given


class WeightedText(Body):
    """A sentence that is added to or subtracted from the query."""

    query: Text
    weight: float = Field(default=0.5, gt=0, le=10)


class ClipRef(Body):
    """A clip of an index."""

    index: str
    clip_id: ClipId


class SearchBody(Body):
    """A search. `query` may be empty where `like` or an uploaded file is given; `index` null: all indexes."""

    index: str | Annotated[list[str], Field(max_length=100)] | None = None
    query: Text = ""
    plus: list[WeightedText] = Field(default=[], max_length=20)
    minus: list[WeightedText] = Field(default=[], max_length=20)
    like: list[ClipRef] = Field(default=[], max_length=100)
    unlike: list[ClipRef] = Field(default=[], max_length=100)
    k: int = Field(default=24, ge=1, le=500)
    page: int = Field(default=1, ge=1, le=1000)
    all_clips: bool = False
    only: Text | None = None
    exclude: Text | Annotated[list[Text], Field(max_length=100)] | None = None
    where: Text | None = None
    sort: Literal["score", "time", "path"] = "score"
    min_probability: float | None = Field(default=None, ge=0, le=1)
    moments: bool = False

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if self.k * self.page > MOST_HITS:
            raise ValueError(f"k x page should be at most {MOST_HITS}")
        return self


class LabelBody(Body):
    """Clips of one index, and the labels to choose from."""

    index: str
    clips: list[ClipId] = Field(min_length=1, max_length=1000)
    labels: list[Annotated[str, Field(max_length=200)]] = Field(min_length=1, max_length=1000)


class VqaBody(Body):
    """A question about a clip, and the answers to choose from."""

    index: str
    clip_id: ClipId
    question: Text
    candidates: list[Annotated[str, Field(max_length=200)]] = Field(min_length=1, max_length=200)


class CaptionBody(Body):
    """Clips of one index to describe."""

    index: str
    clips: list[ClipId] = Field(min_length=1, max_length=32)


class ExportHit(Body):
    """A part of a clip's file, in seconds."""

    index: str
    clip_id: ClipId
    start: Seconds
    end: Seconds
    text: Text = ""


class ExportBody(Body):
    """What goes into a file for an editor, in this order."""

    format: str
    title: Annotated[str, Field(max_length=200)] = "vlret"
    hits: list[ExportHit] = Field(min_length=1, max_length=1000)
