"""How good a text decoder is on images that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from vlret.datasets.tar_set import Item
from vlret.evaluation.metrics.cider import cider
from vlret.models.base import Embedder
from vlret.models.captioners.text_decoder import TextDecoder
from vlret.types import Vectors

KEPT = 0.95
"""Share of the captions of dev images that stay above the threshold."""
_BATCH = 128


def written(
    decoder: TextDecoder, tokenizer: Tokenizer, embeddings: Vectors, beams: int, longest: int
) -> list[str]:
    """Return a caption for each of `embeddings` float32 [n, dim]."""
    device = next(decoder.parameters()).device
    texts: list[str] = []
    for first in range(0, len(embeddings), _BATCH):
        rows = torch.from_numpy(embeddings[first : first + _BATCH]).to(device)
        texts += tokenizer.decode_batch(decoder.write(rows, beams, longest), skip_special_tokens=True)
    return [" ".join(text.split()) for text in texts]


def dev_cider(
    decoder: TextDecoder, tokenizer: Tokenizer, embeddings: Vectors, items: Sequence[Item], **how: Any
) -> float:
    """Return the mean CIDEr of the captions of dev images, whose predictions are `embeddings`."""
    texts = written(decoder, tokenizer, embeddings, **how)
    return float(cider(texts, [item.captions for item in items]).mean())


def unknown_threshold(texts: Sequence[str], embeddings: Vectors, embedder: Embedder) -> float:
    """Return the score above which `KEPT` of the captions `texts` of dev images lie."""
    scores = np.einsum("nd,nd->n", embedder.embed_texts(texts), embeddings)
    return round(float(np.quantile(scores, 1 - KEPT)), 3)
