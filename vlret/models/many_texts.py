"""Embeds many texts, with a progress bar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from vlret.models.base import Embedder
from vlret.types import Vectors

_TEXTS_AT_ONCE = 1024


def embed_many(model: Embedder, texts: Sequence[str], what: str) -> Vectors:
    """Return the embeddings of `texts`, at least one; a bar called `what` appears if it takes more than two seconds."""
    with tqdm(total=len(texts), desc=what, unit="text", delay=2, disable=None) as bar:
        batches = []
        for first in range(0, len(texts), _TEXTS_AT_ONCE):
            batches.append(model.embed_texts(texts[first : first + _TEXTS_AT_ONCE]))
            bar.update(len(batches[-1]))
    return np.concatenate(batches)
