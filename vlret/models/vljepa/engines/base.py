"""The interface of what computes the vision side of a VL-JEPA."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from vlret.types import Pixels, Tokens, Vectors

PoolTexts: TypeAlias = Callable[[Sequence[list[int]]], Vectors]
"""Lists of token ids to the Y-encoder's pooled states, float32 [n, hidden]: what the predictor reads of a query."""


class Engine(Protocol):
    """Computes X-encoder and predictor.

    Attributes:
        name: `torch` or `openvino`.
        device: cpu, cuda:N or mps.
        dtype: the number format of the X-encoder; the predictor computes in float32.
    """

    name: str
    device: str
    dtype: str

    def load(self) -> None:
        """Load the towers now instead of on first use."""

    @property
    def encodes_frames_alone(self) -> bool:
        """Whether the tokens of a clip are those of its frames in a row."""

    def encode(self, clips: Sequence[Pixels]) -> list[Tokens]:
        """Return the visual tokens of clips uint8 [t, height, width, 3]."""

    def predict(self, tokens: Sequence[Tokens], query: list[int]) -> Vectors:
        """Return embeddings float32 [n, dim], not normalised, given the token ids of a query ([]: none)."""
