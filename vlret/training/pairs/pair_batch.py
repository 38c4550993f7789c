"""What a training step reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlret.types import Pixels


@dataclass(frozen=True)
class PairBatch:
    """The pairs of one step that one process reads, in order.

    Attributes:
        pixels: frames of each clip, uint8 [t, height, width, 3] RGB, t being 1 for an image; empty where `tokens` are.
        tokens: cached visual tokens of each clip, float16 [tokens, width]; empty where `pixels` are.
        texts: the text of each pair, which the Y-encoder reads.
        queries: the question of each pair, which the predictor reads; "" where there is none.
        media_ids: int64 [n], equal for equal clips, in all processes.
        text_ids: int64 [n], equal for equal texts, in all processes.
    """

    pixels: list[Pixels]
    tokens: list[NDArray[np.float16]]
    texts: list[str]
    queries: list[str]
    media_ids: NDArray[np.int64]
    text_ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.texts)
