"""Visual tokens of clips that overlap: each frame is encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from vlret.media.pool import ClipDecoded
from vlret.models.base import Embedder
from vlret.types import Pixels, Tokens

_Frame: TypeAlias = tuple[Path, float]
"""A frame of a file, by its true time stamp."""


class FrameTokens:
    """Puts the tokens of clips together from those of their frames, for an embedder that encodes frames alone.

    The tokens of a batch are kept until the next one, with which it shares frames. For PyAV's frames only, whose
    time stamps differ.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._tokens: dict[_Frame, Tokens] = {}

    def encode(self, clips: Sequence[ClipDecoded]) -> list[Tokens]:
        """Return the visual tokens of each clip, as `Embedder.encode_pixels` gives them."""
        rows = [[(clip.job.path, time) for time in clip.frames.times.tolist()] for clip in clips]
        self._encode_new(clips, rows)
        self._tokens = {frame: self._tokens[frame] for row in rows for frame in row}
        return [np.concatenate([self._tokens[frame] for frame in row]) for row in rows]

    def _encode_new(self, clips: Sequence[ClipDecoded], rows: Sequence[Sequence[_Frame]]) -> None:
        new: dict[_Frame, Pixels] = {}
        for clip, row in zip(clips, rows, strict=True):
            for frame, pixels in zip(row, clip.frames.pixels, strict=True):
                if frame not in self._tokens:
                    new.setdefault(frame, pixels[None])
        self._tokens.update(zip(new, self._embedder.encode_pixels(list(new.values())), strict=True))
