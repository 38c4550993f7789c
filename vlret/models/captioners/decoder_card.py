"""`DecoderCard`: what is needed to use a text decoder and to say where a caption came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from vlret.models.card import check_names_of
from vlret.models.fields import number, text, texts, whole

MOST = {"dim": 1 << 16, "prefix_length": 64, "beams": 32, "longest": 256}
"""The largest values of whole numbers; the smallest is 1."""


@dataclass(frozen=True, slots=True)
class DecoderCard:
    """Metadata of a text decoder.

    Attributes:
        name: what results state.
        weights_hash: SHA-256 of its weights.
        space: `weights_hash` of the card of the embedder whose embeddings it reads.
        dim: dimensions of these embeddings.
        prefix_length: inputs of the language model that an embedding becomes.
        beams: texts that decoding follows at once, by default; 1 is greedy decoding.
        longest: tokens of a caption at most.
        licence: of the weights.
        trained_on: datasets whose captions it was trained on.
        unknown_threshold: as of `Captioner`; None where it was not fitted.
    """

    name: str
    weights_hash: str
    space: str
    dim: int
    prefix_length: int
    beams: int
    longest: int
    licence: str
    trained_on: tuple[str, ...]
    unknown_threshold: float | None = None

    def __post_init__(self) -> None:
        """Refuse impossible values: a card may come from an untrusted file.

        Raises:
            ValueError: a field has the wrong type or is out of bounds; the message names it.
        """
        values = asdict(self)
        for name in ("name", "weights_hash", "space", "licence"):
            text(values, name)
        for name, most in MOST.items():
            whole(values, name, 1, most)
        texts(values, "trained_on")
        if self.unknown_threshold is not None:
            number(values, "unknown_threshold", -1, 1)

    def to_dict(self) -> dict[str, Any]:
        """Return the card as plain JSON values."""
        return {**asdict(self), "trained_on": list(self.trained_on)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DecoderCard:
        """Return the card from what `to_dict` gave.

        Raises:
            ValueError: a field is missing, unexpected, of the wrong type or out of bounds; the message names it.
        """
        check_names_of(values, fields(cls))
        return cls(**{**values, "trained_on": tuple(texts(values, "trained_on"))})
