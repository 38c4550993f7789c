"""Where embeddings come from: the interface of what is scored, and the media items it embeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from vlret.types import Vectors


@dataclass(frozen=True, slots=True)
class MediaItem:
    """The media `id` of a dataset on this machine: `[start, end)` in seconds of the file at `path`.

    `key` identifies its content: the file's fingerprint and the time range. Items of equal keys are equal. `then` is
    an item that follows it in one clip, each with half of the frames.
    """

    key: str
    id: str = field(compare=False)
    path: Path = field(compare=False)
    start: float = field(default=0.0, compare=False)
    end: float | None = field(default=None, compare=False)
    then: MediaItem | None = field(default=None, compare=False)

    def followed_by(self, other: MediaItem) -> MediaItem:
        """This item and then `other` as one clip."""
        return replace(self, key=f"{self.key}+{other.key}", id=f"{self.id} + {other.id}", then=other)


class ScoredModel(Protocol):
    """What a result says of anything that is scored."""

    name: str

    def about(self) -> dict[str, Any]:
        """What the stamp says of the model."""


class EmbeddingSource(ScoredModel, Protocol):
    """What is scored by its embeddings: a model, or precomputed embeddings."""

    takes_query: bool
    temperature: float
    prompts: tuple[str, ...]

    def clips(self, items: Sequence[MediaItem], query: str | None = None) -> Vectors:
        """Unit vectors float32 [n, dim] of clips for `query`; NaN where there is none."""

    def texts(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors float32 [n, dim] of texts; NaN where there is none."""
