"""The two ways in which a vision-language model is scored: by what it writes, and by how likely each candidate is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlret.evaluation.answers.cost import AnswerCost
from vlret.evaluation.answers.kept_answers import Asked, KeptAnswers
from vlret.evaluation.answers.rules import MatchRule
from vlret.evaluation.embeddings.source import MediaItem
from vlret.evaluation.metrics.ranks import Scores
from vlret.evaluation.protocol.protocol import Protocol


class _OfAnswers:
    """What both have in common.

    Attributes:
        answers: those of the model.
        cost: of the answers that were looked up.
    """

    how = ""

    def __init__(self, answers: KeptAnswers) -> None:
        self.answers, self.name = answers, f"{answers.name} ({self.how})"
        self._looked_up: list[tuple[MediaItem, Asked]] = []

    def _asked(
        self, items: Sequence[MediaItem], questions: Sequence[str], candidates: Sequence[str]
    ) -> list[tuple[MediaItem, Asked]]:
        found = [(item, Asked(text, tuple(candidates))) for item, text in zip(items, questions, strict=True)]
        self._looked_up += found
        return found

    def _about(self) -> dict[str, Any]:
        return {**self.answers.model.about(self.answers.protocol.frames), "answers": self.how}


class LikelihoodScorer(_OfAnswers):
    """A `CandidateScorer` by the mean log-probability of a candidate's tokens, the end of the answer included."""

    how = "likelihood"

    def candidate_scores(
        self,
        items: Sequence[MediaItem],
        questions: Sequence[str],
        candidates: Sequence[str],
        protocol: Protocol,
    ) -> Scores:
        """As `CandidateScorer` says, float32."""
        rows = [self.answers.likelihoods(*one) for one in self._asked(items, questions, candidates)]
        none = np.full(len(candidates), np.nan, np.float32)
        return np.stack([none if row is None else row for row in rows])

    def about(self) -> dict[str, Any]:
        """As the model says, and what a score is."""
        return {**self._about(), "score": "mean log-probability of a token, the end of the answer included"}

    def cost(self) -> AnswerCost:
        """Of the answers that were looked up."""
        return self.answers.cost_of_likelihoods(self._looked_up)


class WrittenScorer(_OfAnswers):
    """A `CandidateScorer` by the written answer: 1 for the candidate that it is by the rule, none for the others."""

    how = "generated"

    def __init__(self, answers: KeptAnswers, rule: MatchRule) -> None:
        super().__init__(answers)
        self.rule = rule

    def candidate_scores(
        self,
        items: Sequence[MediaItem],
        questions: Sequence[str],
        candidates: Sequence[str],
        protocol: Protocol,
    ) -> Scores:
        """As `CandidateScorer` says, float32."""
        standard = [self.rule.standard(candidate) for candidate in candidates]
        scores = np.full((len(items), len(candidates)), np.nan, np.float32)
        for row, one in zip(scores, self._asked(items, questions, candidates), strict=True):
            text = self.answers.text(*one)
            if text is not None and (found := self.rule.standard(text)) in standard:
                row[standard.index(found)] = 1
        return scores

    def are_right(
        self,
        items: Sequence[MediaItem],
        questions: Sequence[str],
        candidates: Sequence[str],
        answers: Sequence[str],
    ) -> NDArray[np.bool_]:
        """Whether each written answer is the right one by the rule, be that a candidate or not; bool [n]."""
        return np.array([
            (text := self.answers.text(item, Asked(question, tuple(candidates)))) is not None
            and self.rule.standard(text) == self.rule.standard(answer)
            for item, question, answer in zip(items, questions, answers, strict=True)
        ], bool)  # fmt: skip

    def text(self, item: MediaItem, question: str, candidates: Sequence[str]) -> str:
        """What the model wrote; "" where the item could not be decoded."""
        return self.answers.text(item, Asked(question, tuple(candidates))) or ""

    def about(self) -> dict[str, Any]:
        """As the model says, and the rule by which answers are compared."""
        return {**self._about(), "decoding": "greedy", "rule": self.rule.name}

    def cost(self) -> AnswerCost:
        """Of the answers that were looked up."""
        return self.answers.cost_of_texts(self._looked_up)
