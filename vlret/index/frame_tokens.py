"""Visual tokens of clips that overlap: each frame is encoded once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
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

    Several threads may encode neighbouring batches at once: a frame is encoded by the one that sees it first, and
    the others wait for its tokens. Those of as many clips as two full batches have are kept. For PyAV's frames
    only, whose time stamps differ.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self._lock = embedder, threading.Lock()
        self._rows: deque[list[_Frame]] = deque(maxlen=2 * embedder.batch_size)
        self._tokens: dict[_Frame, Future[Tokens]] = {}

    def encode(self, clips: Sequence[ClipDecoded]) -> list[Tokens]:
        """Return the visual tokens of each clip, as `Embedder.encode_pixels` gives them."""
        rows = [[(clip.job.path, time) for time in clip.frames.times.tolist()] for clip in clips]
        with self._lock:
            new = self._claim(clips, rows)
            found = [[self._tokens[frame] for frame in row] for row in rows]
            self._rows.extend(rows)
            kept = dict.fromkeys(frame for row in self._rows for frame in row)
            self._tokens = {frame: self._tokens[frame] for frame in kept}
        self._encode(new)
        return [np.concatenate([tokens.result() for tokens in row]) for row in found]

    def _claim(
        self, clips: Sequence[ClipDecoded], rows: Sequence[Sequence[_Frame]]
    ) -> list[tuple[Future[Tokens], Pixels]]:
        """The frames that nobody has encoded or is encoding."""
        new = []
        for clip, row in zip(clips, rows, strict=True):
            for frame, pixels in zip(row, clip.frames.pixels, strict=True):
                if frame not in self._tokens:
                    self._tokens[frame] = Future()
                    new.append((self._tokens[frame], pixels[None]))
        return new

    def _encode(self, new: Sequence[tuple[Future[Tokens], Pixels]]) -> None:
        try:
            encoded = self._embedder.encode_pixels([pixels for _, pixels in new])
        except BaseException as error:
            for tokens, _ in new:
                tokens.set_exception(error)
            raise
        for (tokens, _), values in zip(new, encoded, strict=True):
            tokens.set_result(values)
