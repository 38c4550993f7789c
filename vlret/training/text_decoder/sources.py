"""Where a stage takes its embeddings from: captions of an image, or the prediction of an image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vlret.training.text_decoder.captions import Captions
from vlret.types import Vectors

Source = Callable[[NDArray[np.int64], np.random.Generator], Vectors]
"""Groups of captions int64 [n] to one embedding of each, float32 [n, dim]; not of unit length."""


def mixed_captions(captions: Captions, embeddings: NDArray[np.float16]) -> Source:
    """Embeddings in place of an image's: a random convex combination of those of its captions.

    A prediction lies between the captions of its image, nearer to their mean than to any of them.
    """

    def draw(groups: NDArray[np.int64], rng: np.random.Generator) -> Vectors:
        rows = [_mixed(embeddings[captions.groups[group]], rng) for group in groups]
        return np.stack(rows).astype(np.float32)

    return draw


def predicted(embeddings: NDArray[np.float16]) -> Source:
    """Predicted embeddings of images float16 [items, dim], which are the first groups of captions."""

    def draw(groups: NDArray[np.int64], _: np.random.Generator) -> Vectors:
        return embeddings[groups].astype(np.float32)

    return draw


def _mixed(rows: NDArray[np.float16], rng: np.random.Generator) -> Vectors:
    weights = rng.dirichlet(np.ones(len(rows))).astype(np.float32)
    return np.asarray(weights @ rows.astype(np.float32))
