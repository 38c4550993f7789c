"""How good a text decoder is on images that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import Tokenizer

from vlret.datasets.tar_set import Item
from vlret.evaluation.metrics.cider import cider
from vlret.models.captioners.base import Captioner
from vlret.models.captioners.text_decoder import TextDecoder
from vlret.types import Vectors

KEPT = 0.95
"""Share of the captions of dev images that reach the threshold."""
_BATCH = 128


def greedy_texts(decoder: TextDecoder, tokenizer: Tokenizer, longest: int, embeddings: Vectors) -> list[str]:
    """Return the text of greedy decoding for each of `embeddings` float32 [n, dim]."""
    device = next(decoder.parameters()).device
    texts: list[str] = []
    for first in range(0, len(embeddings), _BATCH):
        rows = torch.from_numpy(embeddings[first : first + _BATCH]).to(device)
        texts += tokenizer.decode_batch(decoder.write(rows, 1, longest).tokens, skip_special_tokens=True)
    return [" ".join(text.split()) for text in texts]


def dev_cider(
    decoder: TextDecoder, tokenizer: Tokenizer, longest: int, embeddings: Vectors, items: Sequence[Item]
) -> float:
    """Return the mean CIDEr of greedy captions of dev images, whose predictions are `embeddings`."""
    texts = greedy_texts(decoder, tokenizer, longest, embeddings)
    return float(cider(texts, [item.captions for item in items]).mean())


def threshold_of(captioner: Captioner, dev: Vectors) -> float:
    """Return the score that `KEPT` of the captions of dev images, embeddings float32 [n, dim], reach."""
    scores = [caption.score for caption in captioner.caption(dev)]
    return round(float(np.quantile(scores, 1 - KEPT)), 3)
