"""How good a text decoder is on images that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from tokenizers import Tokenizer

from vlret.datasets.tar_set import Item
from vlret.evaluation.metrics.cider import cider
from vlret.models.captioners.text_decoder import TextDecoder
from vlret.types import Vectors

KEPT = 0.95
"""Share of the captions of dev images that stay above the threshold."""
_BATCH = 128


Write = Callable[[Vectors], list[str]]
"""Embeddings float32 [n, dim] to texts."""


def written(
    decoder: TextDecoder, tokenizer: Tokenizer, beams: int, longest: int, embeddings: Vectors
) -> list[str]:
    """Return a caption for each of `embeddings` float32 [n, dim]."""
    device = next(decoder.parameters()).device
    texts: list[str] = []
    for first in range(0, len(embeddings), _BATCH):
        rows = torch.from_numpy(embeddings[first : first + _BATCH]).to(device)
        texts += tokenizer.decode_batch(decoder.write(rows, beams, longest), skip_special_tokens=True)
    return [" ".join(text.split()) for text in texts]


def dev_cider(write: Write, embeddings: Vectors, items: Sequence[Item]) -> float:
    """Return the mean CIDEr of the captions of dev images, whose predictions are `embeddings`."""
    return float(cider(write(embeddings), [item.captions for item in items]).mean())


def threshold_of(scores: Sequence[float]) -> float:
    """Return the score above which `KEPT` of the captions of dev images lie."""
    return round(float(np.quantile(scores, 1 - KEPT)), 3)
