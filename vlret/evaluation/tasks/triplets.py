"""Text encoders alone: are two captions that say the same nearer than either is to the third?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from vlret.datasets.base import TextSet
from vlret.evaluation.embeddings.source import EmbeddingSource, MediaItem
from vlret.evaluation.metrics.ranks import Floats, grouped
from vlret.evaluation.protocol.protocol import Protocol
from vlret.evaluation.results.contents import Contents
from vlret.evaluation.results.section import choice_sections
from vlret.evaluation.tasks.base import Scores, Task, embedding_source
from vlret.evaluation.tasks.candidate_scorer import CandidateScorer


class TextTriplets(Task[TextSet]):
    """Triplets of captions. One without an embedding of all three is wrong."""

    name = "text"
    unused = ("frames", "sampling", "resize", "text_tokens", "prompts", "query", "rerank", "undecodable")

    def score(
        self,
        model: EmbeddingSource | CandidateScorer,
        items: Sequence[MediaItem],
        protocol: Protocol,
        undecodable: Collection[str],
    ) -> Scores:
        """accuracy over all triplets (micro) and macro_accuracy, the mean over groups; then each group.

        A triplet is right where cos(first, second) is above both cos(first, negative) and cos(second, negative);
        three equal cosines are right by a third, which is chance.
        """
        cosines, n = self._cosines(embedding_source(model, "a text task")), self.n_queries
        above, tied = (cosines > cosines[:, :1]).sum(1), (cosines == cosines[:, :1]).sum(1)
        known = np.flatnonzero(np.isfinite(cosines).all(1))
        ranks = grouped(known, above[known], tied[known], np.ones(n, np.int64), np.full(n, 3))
        groups = [triplet.group for triplet in self.dataset.triples]
        return Scores(choice_sections(ranks, groups, protocol.ties, "triples", "cosines"))

    def contents(self) -> Contents:
        """The triplets."""
        return Contents(triples=tuple(self.dataset.triples))

    def hashed(self) -> Iterable[Any]:
        """The triplets."""
        return map(asdict, self.dataset.triples)

    def keep(self, numbers: Mapping[int, int]) -> TextSet:
        """The dataset itself, which has no media."""
        return self.dataset

    @property
    def n_queries(self) -> int:
        """How many triplets."""
        return len(self.dataset.triples)

    def texts(self) -> Sequence[str]:
        """The captions of all triplets."""
        return [text for one in self.dataset.triples for text in (one.first, one.second, one.negative)]

    def _cosines(self, model: EmbeddingSource) -> Floats:
        """float64 [n, 3]: of first and second, first and negative, second and negative."""
        texts = model.texts(self.texts()).reshape(self.n_queries, 3, -1)
        first, second, negative = np.moveaxis(texts, 1, 0)
        pairs = ((first, second), (first, negative), (second, negative))
        return np.stack([np.einsum("nd,nd->n", a, b) for a, b in pairs], axis=1).astype(np.float64)
