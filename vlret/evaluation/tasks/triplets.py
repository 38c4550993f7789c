"""Text encoders alone: are two captions that say the same nearer than either is to the third?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vlret.datasets.base import Triple
from vlret.evaluation.embeddings.source import EmbeddingSource
from vlret.evaluation.metrics.ranks import Floats, grouped
from vlret.evaluation.results.protocol import Protocol
from vlret.evaluation.results.section import ResultSection, choice_sections


def triple_parts(
    model: EmbeddingSource, triples: Sequence[Triple], protocol: Protocol
) -> list[ResultSection]:
    """accuracy over all triples (micro) and macro_accuracy, the mean over groups; then each group.

    A triple is right where cos(first, second) is above both cos(first, negative) and cos(second, negative);
    three equal cosines are right by a third, which is chance.
    """
    cosines, n = _cosines(model, triples), len(triples)
    above, tied = (cosines > cosines[:, :1]).sum(1), (cosines == cosines[:, :1]).sum(1)
    known = np.flatnonzero(np.isfinite(cosines).all(1))
    ranks = grouped(known, above[known], tied[known], np.ones(n, np.int64), np.full(n, 3))
    groups = [triple.group for triple in triples]
    return choice_sections(ranks, groups, protocol.ties, "triples", "cosines")


def _cosines(model: EmbeddingSource, triples: Sequence[Triple]) -> Floats:
    """float64 [n, 3]: of first and second, first and negative, second and negative."""
    texts = [text for triple in triples for text in (triple.first, triple.second, triple.negative)]
    first, second, negative = np.moveaxis(model.texts(texts).reshape(len(triples), 3, -1), 1, 0)
    pairs = ((first, second), (first, negative), (second, negative))
    return np.stack([np.einsum("nd,nd->n", a, b) for a, b in pairs], axis=1).astype(np.float64)
