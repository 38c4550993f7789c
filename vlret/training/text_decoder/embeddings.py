"""Embeddings of captions and predictions of images by the finished embedder, computed once and cached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vlret.datasets.tar_set import Item
from vlret.models.base import Embedder
from vlret.training.features import cached_rows, visual_features
from vlret.types import Pixels

_TEXTS_AT_ONCE = 4096


def text_embeddings(texts: list[str], embedder: Embedder, file: Path) -> NDArray[np.float16]:
    """Return embeddings float16 [n, dim] of texts, cached in `file`; a stopped run resumes where it was."""

    def groups(done: int) -> Iterator[NDArray[np.float16]]:
        for first in range(done, len(texts), _TEXTS_AT_ONCE):
            yield embedder.embed_texts(texts[first : first + _TEXTS_AT_ONCE]).astype(np.float16)

    return cached_rows(groups, (len(texts), embedder.card.dim), texts, file)


def predictions(items: Sequence[Item], embedder: Embedder, folder: Path, name: str) -> NDArray[np.float16]:
    """Return predicted embeddings float16 [n, dim] of images, or of the middle frames of clips, cached in `folder`."""

    def encode(views: Sequence[Pixels]) -> torch.Tensor:
        return torch.from_numpy(embedder.embed_clips(views))

    rows: NDArray[np.float16] = visual_features(items, encode, 1, folder, name)[:, 0]
    return rows
