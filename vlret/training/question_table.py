"""Questions as numbers, their texts already read by the frozen Y-encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vlret.models.vljepa.embedder import VLJEPA
from vlret.training.questions import Question


@dataclass(frozen=True)
class QuestionTable:
    """Question n is about item `items[n]`, reads `question_states[question[n]]`, is answered by `answer[n]`.

    The states are the Y-encoder's pooled ones, float32 [distinct texts, hidden]; `brought` tells the questions
    that sets bring along from those made by rule.
    """

    items: NDArray[np.int64]
    question: NDArray[np.int64]
    answer: NDArray[np.int64]
    brought: NDArray[np.bool_]
    question_states: torch.Tensor
    answer_states: torch.Tensor

    def draw(self, size: int, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
        """Numbers of `size` questions, `share` of them brought along, where there are any."""
        pools = [np.flatnonzero(self.brought), np.flatnonzero(~self.brought)]
        sizes = [round(share * size), size - round(share * size)]
        drawn = [rng.choice(pool, n) for pool, n in zip(pools, sizes, strict=True) if len(pool)]
        return np.concatenate(drawn)


def question_table(questions: Sequence[Question], embedder: VLJEPA) -> QuestionTable:
    """The table of `questions`; equal texts are read once."""
    asked, question = np.unique([q.question for q in questions], return_inverse=True)
    answers, answer = np.unique([q.answer for q in questions], return_inverse=True)
    states = [_states(texts.tolist(), embedder) for texts in (asked, answers)]
    items = np.array([q.item for q in questions])
    return QuestionTable(items, question, answer, np.array([q.brought for q in questions]), *states)


def _states(texts: list[str], embedder: VLJEPA) -> torch.Tensor:
    length = embedder.settings["query_length"]
    return torch.from_numpy(embedder.y_encoder.pool([embedder.tokens(text, length) for text in texts]))
