"""What every model looks like from outside: `Embedder` and its `ModelCard`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vlret.errors import ModelError, UsageError
from vlret.models.card import check_card, check_names_of
from vlret.models.fields import texts
from vlret.models.inputs import ClipInput, clip_list
from vlret.types import Clip, Pixels, Vectors, type_name

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What has to be known of a model to use it and to compare it.

    `resize` is what happens to a frame on its way to `resolution` x `resolution` pixels: `squash`
    ignores the shape, `own` leaves it to the model's own transform; `preprocessing` says what does not
    travel with the weights ("" where all of it does). `default_query` is the query that
    goes into the predictor where the user gives none ("" is query-free). `prompts` are templates with one
    `{}` for class names. `temperature` divides cosines before the softmax over labels;
    `unknown_threshold` is the probability from which on the best label is kept by `threshold="auto"`, where that
    was fitted (on lists of 4 to 30 short labels). `trained_on` names the data sets that its weights have seen.
    """

    name: str
    revision: str
    weights_hash: str
    dim: int
    frames: int
    resolution: int
    resize: Literal["squash", "own"]
    licence: str
    prompts: tuple[str, ...]
    temperature: float
    text_length: int
    takes_query: bool = False
    default_query: str = ""
    preprocessing: str = ""
    unknown_threshold: float | None = None
    trained_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no model is like: a card may come from a stranger's file.

        Raises:
            ValueError: a field has the wrong type or is out of bounds; the message names it.
        """
        check_card(asdict(self))

    @property
    def decode_size(self) -> tuple[int, int] | None:
        """(width, height) to which a decoder may scale frames at once, None to leave them as they are."""
        return (self.resolution, self.resolution) if self.resize == "squash" else None

    def to_dict(self) -> dict[str, Any]:
        """The card as plain JSON values, as recorded in an index or a result."""
        return {**asdict(self), "prompts": list(self.prompts), "trained_on": list(self.trained_on)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelCard:
        """The card back from `to_dict`.

        Raises:
            ValueError: a field is missing, unknown, of the wrong type or out of bounds; the message names it.
        """
        check_names_of(values, fields(cls))
        lists = {name: tuple(texts(values, name)) for name in ("prompts", "trained_on") if name in values}
        return cls(**{**values, **lists})


class Embedder(ABC):
    """Clips and texts to unit vectors of one space.

    The vision side runs in two steps, so that a clip is looked at once and asked many questions:
    `encode_clips` gives the visual tokens of each clip, `predict` turns them and a query into vectors.
    Text and vision towers load apart from each other, each on first use.
    """

    card: ModelCard

    @property
    def device(self) -> torch.device:
        """Where the towers run."""
        import torch

        return torch.device("cpu")

    @property
    def dtype(self) -> torch.dtype:
        """The number format of the vision tower: what an index records."""
        import torch

        return torch.float32

    @abstractmethod
    def encode_pixels(self, clips: Sequence[Pixels]) -> list[torch.Tensor]:
        """Visual tokens of decoded clips.

        Args:
            clips: one uint8 array [t, height, width, 3] (RGB) a clip; t may differ between clips.

        Returns:
            one tensor a clip, float32 on the CPU, shape [tokens, width]; the same for a clip whatever
            stands beside it in the batch.

        Raises:
            UsageError: something else was given; `inputs.clip_list` says it.
        """

    @abstractmethod
    def predict(self, tokens: Sequence[torch.Tensor], query: str | None = None) -> Vectors:
        """Predicted embeddings float32 [n, dim], unit length, of clips asked `query`.

        `query=None` takes the card's default query. A model without a predictor raises `UsageError`
        when a query is given.
        """

    @abstractmethod
    def embed_texts(self, texts: Iterable[str]) -> Vectors:
        """Embeddings float32 [n, dim], unit length, of texts as they stand (no prompt is added).

        Args:
            texts: a list, array, Series or generator of strings.

        Raises:
            UsageError: one string, or something that is no text; `inputs.text_list` says it.
        """

    @abstractmethod
    def is_cut(self, text: str) -> bool:
        """Whether `text` is longer than the text tower reads."""

    def check_clips(self) -> None:  # noqa: B027 - most models read clips
        """`UsageError` where the model reads texts alone: asked before anything is written for its clips."""

    def load(self) -> None:  # noqa: B027 - models that load at once need not write it
        """Load the vision side now rather than on first use."""

    def encode_clips(self, clips: Iterable[ClipInput], n_frames: int | None = None) -> list[torch.Tensor]:
        """Visual tokens of paths, `Clip`s, `Frames`, arrays uint8 [t, height, width, 3] or images [height, width, 3].

        Paths and `Clip`s are decoded here: `n_frames` (default: the card's) frames at segment midpoints.

        Raises:
            UsageError: not a list of such clips; the message says which and why.
            MediaError: a file cannot be read.
        """
        given = clip_list(clips)
        tokens: list[torch.Tensor] = []
        for first in range(0, len(given), self.batch_size):
            batch = given[first : first + self.batch_size]
            tokens += self.encode_pixels([self._pixels(clip, n_frames) for clip in batch])
        return tokens

    def embed_clips(
        self, clips: Iterable[ClipInput], query: str | None = None, n_frames: int | None = None
    ) -> Vectors:
        """Embeddings float32 [n, dim], unit length, of clips asked `query` (None: the card's default).

        Raises:
            UsageError, MediaError: as `encode_clips`; also a query that is no string.
        """
        if query is not None and not isinstance(query, str):
            raise UsageError(f"The query was given as {type_name(query)}.", "Give a str, or None.")
        return self.predict(self.encode_clips(clips, n_frames), query)

    batch_size = 8
    """Clips that go through the vision tower at once."""

    frame_pooling = "the model's own"
    """How the frames of a clip become one vector, in words: for the stamp of a result."""

    def _pixels(self, clip: Path | Clip | Pixels, n_frames: int | None) -> Pixels:
        if not isinstance(clip, (Path, Clip)):
            return clip
        from vlret.media.decode import read_clip

        n_frames = self.card.frames if n_frames is None else n_frames
        return read_clip(clip, n_frames, size=self.card.decode_size).pixels


def check_finite(vectors: Vectors, name: str) -> None:
    """Refuse vectors that would rank at random.

    Raises:
        ModelError: a number is not finite: the weights are damaged, or the number format is too narrow.
    """
    if not np.isfinite(vectors).all():
        raise ModelError(
            f"{name} gives vectors that are not finite.", "Copy its weights again, or use --dtype float32."
        )
