"""The interface of every model: `Embedder` and its `ModelCard`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np

from vlret.errors import ModelError, UsageError
from vlret.models.card import check_card, check_names_of
from vlret.models.fields import texts
from vlret.models.inputs import ClipInput, clip_list
from vlret.types import Clip, Pixels, Tokens, Vectors, type_name


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Metadata of a model: what is needed to use it and to compare it with others.

    Attributes:
        name, revision, licence: identify the model.
        weights_hash: SHA-256 of the weights; with `preprocessing` it decides whether two models give equal embeddings.
        dim: dimensions of the embeddings.
        frames, resolution: frames a clip and their side in pixels, by default.
        resize: how a frame becomes `resolution` x `resolution` pixels: `squash` ignores its aspect ratio, `crop`
            resizes its shorter side and keeps the centre, `own` leaves it to the model's own transform.
        prompts: templates with one `{}` for class names.
        temperature: cosines are divided by it before the softmax over labels.
        text_length: tokens that the text tower reads.
        takes_query: whether a predictor reads a query beside the clip.
        default_query: the predictor's query where the user gives none ("": query-free).
        preprocessing: settings that change embeddings and are not part of the weights.
        unknown_threshold: with `threshold="auto"` the best label is kept from this probability on; None where it was
            not fitted (on lists of 4 to 30 short labels).
        trained_on: datasets that the weights were trained on.
    """

    name: str
    revision: str
    weights_hash: str
    dim: int
    frames: int
    resolution: int
    resize: Literal["squash", "crop", "own"]
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
        """Refuse impossible values: a card may come from an untrusted file.

        Raises:
            ValueError: a field has the wrong type or is out of bounds; the message names it.
        """
        check_card(asdict(self))

    @property
    def decode_size(self) -> tuple[int, int] | None:
        """(width, height) to which a decoder may scale frames, None to keep their size."""
        return (self.resolution, self.resolution) if self.resize == "squash" else None

    def to_dict(self) -> dict[str, Any]:
        """Return the card as plain JSON values, as recorded in an index or a result."""
        return {**asdict(self), "prompts": list(self.prompts), "trained_on": list(self.trained_on)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelCard:
        """Return the card from what `to_dict` gave.

        Raises:
            ValueError: a field is missing, unexpected, of the wrong type or out of bounds; the message names it.
        """
        check_names_of(values, fields(cls))
        lists = {name: tuple(texts(values, name)) for name in ("prompts", "trained_on") if name in values}
        return cls(**{**values, **lists})


class Embedder(ABC):
    """Embeds clips and texts in one space, at unit length.

    The vision side runs in two steps, so that a clip is encoded once for many queries: `encode_clips` gives the
    visual tokens of each clip, `predict` turns them and a query into embeddings. Text and vision towers load
    independently, each on first use.
    """

    card: ModelCard

    @property
    def device(self) -> str:
        """Where the towers run: cpu, cuda:N or mps."""
        return "cpu"

    @property
    def dtype(self) -> str:
        """The number format of the vision tower, which an index records: float32, bfloat16 or int8."""
        return "float32"

    @property
    def engine(self) -> str:
        """The library that computes the vision side, which an index records: torch or openvino."""
        return "torch"

    @property
    def encodes_frames_alone(self) -> bool:
        """Whether the tokens of a clip are those of its frames in a row, so that overlapping clips can share them."""
        return False

    @property
    def encodes_in_threads(self) -> bool:
        """Whether several threads may encode and predict at once, and gain by it."""
        return False

    @abstractmethod
    def encode_pixels(self, clips: Sequence[Pixels]) -> list[Tokens]:
        """Return the visual tokens of decoded clips.

        Args:
            clips: one uint8 array [t, height, width, 3] (RGB) per clip; t may differ between clips.

        Returns:
            One array per clip, float32 [tokens, width]; it does not depend on the other clips of the batch.

        Raises:
            UsageError: `clips` is something else (`inputs.pixel_list`).
        """

    @abstractmethod
    def predict(self, tokens: Sequence[Tokens], query: str | None = None) -> Vectors:
        """Return the predicted embeddings float32 [n, dim], unit length, of clips given a query.

        Args:
            tokens: what `encode_clips` or `encode_pixels` returned.
            query: None for the card's default query.

        Raises:
            UsageError: a query was given to a model without a predictor.
        """

    @abstractmethod
    def embed_texts(self, texts: Iterable[str]) -> Vectors:
        """Return the embeddings float32 [n, dim], unit length, of texts as they are (no prompt is added).

        Args:
            texts: a list, array, Series or generator of strings.

        Raises:
            UsageError: `texts` is one string, or contains something that is not text (`inputs.text_list`).
        """

    @abstractmethod
    def is_cut(self, text: str) -> bool:
        """Return whether `text` is longer than the text tower reads."""

    def check_clips(self) -> None:  # noqa: B027 - most models read clips
        """Raise `UsageError` if the model is text-only; called before anything is written for its clips."""

    def check_frames(self, n_frames: int) -> None:  # noqa: B027 - most models read any number of frames
        """Raise `UsageError` if the model cannot use `n_frames` frames of a clip; called before anything is decoded."""

    def load(self) -> None:  # noqa: B027 - models that load in their constructor need not define it
        """Load the vision side now instead of on first use."""

    def encode_clips(self, clips: Iterable[ClipInput], n_frames: int | None = None) -> list[Tokens]:
        """Return the visual tokens of paths, `Clip`s, `Frames` or arrays (`inputs.ClipInput`).

        Paths and `Clip`s are decoded here: `n_frames` (default: the card's) frames at segment midpoints.

        Raises:
            UsageError: not a list of such clips; the message says which and why.
            MediaError: a file cannot be read.
        """
        given = clip_list(clips)
        if n_frames is not None:
            self.check_frames(n_frames)
        tokens: list[Tokens] = []
        for first in range(0, len(given), self.batch_size):
            batch = given[first : first + self.batch_size]
            tokens += self.encode_pixels([self._pixels(clip, n_frames) for clip in batch])
        return tokens

    def embed_clips(
        self, clips: Iterable[ClipInput], query: str | None = None, n_frames: int | None = None
    ) -> Vectors:
        """Return the embeddings float32 [n, dim], unit length, of clips given `query` (None: the card's default).

        Raises:
            UsageError: as `encode_clips`; also a query that is no string.
            MediaError: as `encode_clips`.
        """
        if query is not None and not isinstance(query, str):
            raise UsageError(
                f"The query was given as {type_name(query)}.", "Give a str, or None.", code="wrong_type"
            )
        return self.predict(self.encode_clips(clips, n_frames), query)

    batch_size = 8
    """Clips that `encode_clips` gives to the vision tower at once."""

    frame_pooling = "the model's own"
    """How the frames of a clip become one embedding, in words: for the stamp of a result."""

    def _pixels(self, clip: Path | Clip | Pixels, n_frames: int | None) -> Pixels:
        if not isinstance(clip, (Path, Clip)):
            return clip
        from vlret.media.decode import read_clip

        n_frames = self.card.frames if n_frames is None else n_frames
        return read_clip(clip, n_frames, size=self.card.decode_size).pixels


def check_finite(vectors: Vectors, name: str) -> None:
    """Refuse embeddings with NaN or infinity, which would rank at random.

    Raises:
        ModelError: a number is not finite: the weights are damaged, or the dtype is too narrow.
    """
    if not np.isfinite(vectors).all():
        raise ModelError(
            f"{name} gives embeddings that are not finite.",
            "Copy its weights again, or use dtype float32.",
            code="not_finite",
            model=name,
        )
