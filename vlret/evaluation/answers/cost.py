"""What answers cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AnswerCost:
    """What the answers of a vision-language model cost when they were computed, in this run or before.

    Attributes:
        questions: how many different ones were answered; equal ones about one item are answered once.
        cached: how many of them came from the cache.
        cpu_seconds: processor time of all threads.
        seconds: from the decoded frames to the answer.
        tokens_read: of the inputs, visual ones included.
        tokens_written: of generated answers, or of the candidates.
        peak_bytes: the most memory that the process (on a GPU: PyTorch on it) had in use, embedders of the same run
            included; 0 where it is not known.
    """

    questions: int
    cached: int
    cpu_seconds: float
    seconds: float
    tokens_read: int
    tokens_written: int
    peak_bytes: int
