"""What encoders of two towers, one of pictures or videos and one of texts, have in common: no predictor."""

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
from vlret.models.inputs import text_list
from vlret.types import Tokens, Vectors

PROMPTS = ("a photo of a {}.", "a video of a {}.", "a video of {}.")
_TEXTS_AT_ONCE = 256


class DualEncoder(Embedder):
    """The embedding of a clip is the mean of its visual tokens, which are unit vectors, scaled to unit length.

    There is no predictor: a query is refused. A subclass sets `card`, `_device` and `_dtype`.
    """

    _device: torch.device
    _dtype: torch.dtype

    @property
    def device(self) -> str:
        """Where the model runs."""
        return str(self._device)

    @property
    def dtype(self) -> str:
        """The number format in which pictures or videos are encoded."""
        return str(self._dtype).removeprefix("torch.")

    def predict(self, tokens: Sequence[Tokens], query: str | None = None) -> Vectors:
        """The mean of each clip's tokens, scaled to unit length, float32 [n, dim].

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
        return self._rows(unit(torch.from_numpy(clip.mean(0))).numpy() for clip in tokens)

    @torch.inference_mode()
    def embed_texts(self, texts: Iterable[str]) -> Vectors:
        """Unit vectors of texts as they stand, float32 [n, dim]."""
        given = text_list(texts)
        batches = (given[i : i + _TEXTS_AT_ONCE] for i in range(0, len(given), _TEXTS_AT_ONCE))
        with self._running():
            return self._rows(row for batch in batches for row in unit(self._encode_texts(batch)).numpy())

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


def unit(vectors: torch.Tensor) -> torch.Tensor:
    """Rows float32 of unit length, on the processor."""
    return normalize(vectors.float(), dim=-1).cpu()
