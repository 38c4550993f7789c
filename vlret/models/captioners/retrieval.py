"""Captions by retrieval: the nearest sentence of a bank."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from vlret.models.captioners.bank import Bank
from vlret.models.captioners.base import Captioner
from vlret.models.captioners.embedding_rows import embedding_rows
from vlret.types import Caption, Vectors

_SCORES_AT_ONCE = 2**24
_MOST_NEAR = 1024  # a stranger's bank may hold a million equal vectors
_ROUNDING = 1e-5  # more than the scores of one row differ between batches


class RetrievalCaptioner(Captioner):
    """Exact search over a bank; of sentences that are equally near, the first one."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self.name, self.space = bank.name, bank.space
        self.revision = sha256("\0".join(bank.texts).encode()).hexdigest()[:12]
        self.unknown_threshold = bank.unknown_threshold

    def caption(self, embeddings: Vectors) -> list[Caption]:
        """Return the nearest sentence to each of `embeddings`; see `Captioner.caption`."""
        rows = embedding_rows(embeddings, self._bank.vectors.shape[1])
        at_once = max(1, _SCORES_AT_ONCE // len(self._bank.texts))
        captions = []
        for first in range(0, len(rows), at_once):
            batch = rows[first : first + at_once]
            scores = batch @ self._bank.vectors.T
            captions += [
                self._nearest(row, row_scores) for row, row_scores in zip(batch, scores, strict=True)
            ]
        return captions

    def _nearest(self, row: Vectors, scores: Vectors) -> Caption:
        """The best by scores that do not depend on the batch: only those close to the best are computed again."""
        near = np.flatnonzero(scores >= scores.max() - _ROUNDING)[:_MOST_NEAR]
        exact = (self._bank.vectors[near].astype(np.float64) * row).sum(axis=1)
        best = int(exact.argmax())
        return Caption(self._bank.texts[int(near[best])], float(exact[best]))
