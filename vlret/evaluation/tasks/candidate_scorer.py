"""Scores of candidate answers: by the cosine of embeddings, or by whatever else a model has to offer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from vlret.evaluation.embeddings.source import EmbeddingSource, MediaItem
from vlret.evaluation.metrics.ranks import ScoreBlocks, Scores, cosine
from vlret.evaluation.protocol.protocol import Protocol as BenchProtocol


@runtime_checkable
class CandidateScorer(Protocol):
    """What ranks candidate answers to questions about clips, such as a vision-language model by their likelihood."""

    name: str

    def candidate_scores(
        self,
        items: Sequence[MediaItem],
        questions: Sequence[str],
        candidates: Sequence[str],
        protocol: BenchProtocol,
    ) -> Scores:
        """Scores of all candidates, the higher the better.

        Args:
            items: one clip or image per question.
            questions: one per item; "" asks which candidate describes it.
            candidates: the same for all of them.
            protocol: frames, sampling and resizing of the clips, as for every model of a run.

        Returns:
            floats [n, candidates]; NaN where there is no score, which counts as wrong.
        """

    def about(self) -> dict[str, Any]:
        """What the stamp says of the model."""


class CosineScorer:
    """Scores by the cosine of a clip's embedding and that of a candidate.

    A model with a predictor embeds the clip for the question; for one without, a candidate's text is
    "question candidate". The protocol's query stands for a question without text.
    """

    def __init__(self, source: EmbeddingSource) -> None:
        self.name, self._source = source.name, source

    def candidate_scores(
        self,
        items: Sequence[MediaItem],
        questions: Sequence[str],
        candidates: Sequence[str],
        protocol: BenchProtocol,
    ) -> Scores:
        """As `CandidateScorer` says, float32."""
        scores = np.empty((len(items), len(candidates)), np.float32)
        for text, rows in self._by_text(questions).items():
            texts = self._source.texts(candidates if text is None else _joined(text, candidates))
            clips = [self._source.clips([items[i]], questions[i] or protocol.query) for i in rows]
            scores[rows] = np.concatenate([*cosine(np.concatenate(clips), texts)()])
        return np.where(np.isneginf(scores), np.float32(np.nan), scores)

    def about(self) -> dict[str, Any]:
        """As the source of the embeddings says."""
        return self._source.about()

    def _by_text(self, questions: Sequence[str]) -> dict[str | None, list[int]]:
        """The numbers of the questions by what stands before a candidate: None for a model with a predictor."""
        found: dict[str | None, list[int]] = defaultdict(list)
        for number, question in enumerate(questions):
            found[None if self._source.takes_query else question].append(number)
        return found


def _joined(question: str, candidates: Sequence[str]) -> list[str]:
    return [f"{question} {candidate}".strip() for candidate in candidates]


def scorer_of(model: EmbeddingSource | CandidateScorer) -> CandidateScorer:
    """`model`, or the cosine of its embeddings."""
    return model if isinstance(model, CandidateScorer) else CosineScorer(model)


def as_blocks(scores: Scores) -> ScoreBlocks:
    """Scores [n, candidates] as one block, -inf in place of NaN."""
    block = np.where(np.isnan(scores), -np.inf, scores).astype(scores.dtype)
    return lambda: iter((block,))
