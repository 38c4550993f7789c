"""Who answers questions about presence blindly."""

from __future__ import annotations

from collections import Counter

from vlret.training.questions import Question


def blind_answers(train: list[Question], asked: list[Question]) -> list[str]:
    """What one answers who sees the question alone: its more frequent answer in `train`."""
    counts = Counter((q.question, q.answer) for q in train)
    return ["yes" if counts[q.question, "yes"] > counts[q.question, "no"] else "no" for q in asked]
