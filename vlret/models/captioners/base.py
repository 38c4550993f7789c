"""The interface of everything that turns embeddings into texts: `Captioner`."""

from __future__ import annotations

from abc import ABC, abstractmethod

from vlret.types import Caption, Vectors


class Captioner(ABC):
    """Texts for predicted embeddings; called only where words are wanted (the paper calls it Y-decoder).

    It reads the space of one embedder. It is separate from `Embedder`: an index or a stream of embeddings is
    captioned without looking at a frame again.

    Attributes:
        name: what results state, such as `vljepa-mini/decoder`.
        revision: another one where it would give other texts.
        space: `weights_hash` of the card of the embedder whose embeddings it reads.
        unknown_threshold: a caption that scores below it describes nothing the model knows; None: not fitted.
    """

    name: str
    revision: str
    space: str
    unknown_threshold: float | None = None

    def knows(self, caption: Caption) -> bool:
        """Return whether `caption`, one of its own, has words and a score that is not below the threshold."""
        threshold = self.unknown_threshold
        return bool(caption.text) and (threshold is None or caption.score >= threshold)

    @abstractmethod
    def caption(self, embeddings: Vectors) -> list[Caption]:
        """Return one caption for each row of `embeddings`, float32 [n, dim] of unit length.

        The same row gives the same text, whatever else is in the batch.

        Raises:
            UsageError: `embeddings` is something else.
        """
