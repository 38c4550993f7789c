"""What encoders of images and texts have in common: a clip is encoded frame by frame."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

import numpy as np
import torch
from torch.nn.functional import normalize

from vlret.errors import UsageError
from vlret.models.base import Embedder, check_finite
from vlret.models.folder import as_model_error
from vlret.models.inputs import pixel_list, text_list
from vlret.types import Pixels, Tokens, Vectors

PROMPTS = ("a photo of a {}.", "a video of a {}.", "a video of {}.")
_FRAMES_AT_ONCE = 64
_TEXTS_AT_ONCE = 256


class ImageTextEmbedder(Embedder):
    """The embedding of a clip is the mean of its frames' unit vectors, scaled to unit length.

    The visual tokens of a clip are those unit vectors, [frames, dim]. There is no predictor: a query is
    refused. A subclass sets `card`, `_device` and `_dtype`.
    """

    frame_pooling = "mean of the frames' unit vectors"

    _device: torch.device
    _dtype: torch.dtype

    @property
    def device(self) -> str:
        """Where the model runs."""
        return str(self._device)

    @property
    def dtype(self) -> str:
        """The number format in which images are encoded."""
        return str(self._dtype).removeprefix("torch.")

    @property
    def encodes_frames_alone(self) -> bool:
        """Each frame has a token of its own."""
        return True

    @torch.inference_mode()
    def encode_pixels(self, clips: Sequence[Pixels]) -> list[Tokens]:
        """Unit vectors of each clip's frames, float32 [t, dim]; see `Embedder.encode_pixels`."""
        clips = pixel_list(clips)
        frames = [frame for clip in clips for frame in clip]
        batches = (frames[i : i + _FRAMES_AT_ONCE] for i in range(0, len(frames), _FRAMES_AT_ONCE))
        with self._running():
            rows = [row for batch in batches for row in _unit(self._encode_frames(batch)).numpy()]
        ends = np.cumsum([len(clip) for clip in clips])
        return [np.stack(rows[end - len(clip) : end]) for clip, end in zip(clips, ends, strict=True)]

    def predict(self, tokens: Sequence[Tokens], query: str | None = None) -> Vectors:
        """The mean of each clip's frame vectors, scaled to unit length, float32 [n, dim].

        Raises:
            UsageError: a query was given.
        """
        if query:
            raise UsageError(
                f"{self.card.name} has no predictor: it cannot take the query {query!r}.",
                "Leave the query out, or use a VL-JEPA.",
                code="no_predictor",
                model=self.card.name,
                given=query,
            )
        return self._rows(_unit(torch.from_numpy(clip.mean(0))).numpy() for clip in tokens)

    @torch.inference_mode()
    def embed_texts(self, texts: Iterable[str]) -> Vectors:
        """Unit vectors of texts as they stand, float32 [n, dim]."""
        given = text_list(texts)
        batches = (given[i : i + _TEXTS_AT_ONCE] for i in range(0, len(given), _TEXTS_AT_ONCE))
        with self._running():
            return self._rows(row for batch in batches for row in _unit(self._encode_texts(batch)).numpy())

    @abstractmethod
    def _encode_frames(self, frames: Sequence[Pixels]) -> torch.Tensor:
        """Vectors [n, dim], of any length, of frames uint8 [height, width, 3]."""

    @abstractmethod
    def _encode_texts(self, texts: list[str]) -> torch.Tensor:
        """Vectors [n, dim], of any length, of texts."""

    def _running(self) -> AbstractContextManager[None]:
        """A model that loads may still not run: its configuration or processor does not fit its weights."""
        return as_model_error(f"{self.card.name} cannot be run")

    def _rows(self, rows: Iterable[Vectors]) -> Vectors:
        stacked = list(rows)
        vectors = np.stack(stacked) if stacked else np.empty((0, self.card.dim), np.float32)
        check_finite(vectors, self.card.name)
        return vectors


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    return normalize(vectors.float(), dim=-1).cpu()
