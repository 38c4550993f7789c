"""The interface of a model that answers questions about frames in words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vlret.types import Frames

MOST_NEW_TOKENS = 16
"""The length of an answer: one word or a short phrase is asked for."""


@dataclass(frozen=True, slots=True)
class WrittenAnswer:
    """A generated answer, and how many tokens were `read` (visual ones included) and `written` for it."""

    text: str
    read: int
    written: int


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """The mean log-probability of a token of each candidate, and how many tokens were `read` and scored (`written`)."""

    values: Sequence[float]
    read: int
    written: int


class VisionLanguageModel(ABC):
    """Answers questions about the frames of a clip.

    Attributes:
        name: of the model in a result.
        prompt: the template around a question, with one `{}`.
        side: the resolution in pixels at which frames are made square, where a protocol says so.
    """

    name: str
    prompt: str
    side: int

    @property
    @abstractmethod
    def recipe(self) -> Mapping[str, Any]:
        """All that decides the answers, beside frames, questions and candidates: the key of kept answers."""

    @abstractmethod
    def about(self, n_frames: int) -> dict[str, Any]:
        """What a stamp says of the model where clips have `n_frames` frames."""

    @abstractmethod
    def check_frames(self, n_frames: int) -> None:
        """Refuse a number of frames that the model does not take.

        Raises:
            UsageError: "takes_one_image".
        """

    @abstractmethod
    def write_answer(self, frames: Frames, question: str) -> WrittenAnswer:
        """Answer a question greedily, in at most `MOST_NEW_TOKENS` tokens.

        Raises:
            ModelError: "unusable_model": it cannot, for a lack of memory, or because of what the question holds.
        """

    @abstractmethod
    def likelihoods(self, frames: Frames, question: str, candidates: Sequence[str]) -> Likelihoods:
        """How likely each candidate is as the whole answer, the end of the answer included.

        Raises:
            ModelError: as `write_answer`.
        """

    def peak_bytes(self) -> int | None:
        """The most memory that was in use so far; None where it is not known."""
        return None
