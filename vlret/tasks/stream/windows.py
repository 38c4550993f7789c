"""The embeddings of sliding windows over a stream: the last seconds of its frames, at each step."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from vlret.media.live.frame_queue import LiveFrame
from vlret.models.base import Embedder
from vlret.types import Pixels, Tokens, Vectors
from vlret.vectors import unit_rows

_Item: TypeAlias = Tokens | Pixels
"""The visual tokens of a frame, where the model encodes frames alone; else its pixels."""

_ROUNDING = 1e-6


class StreamWindows:
    """Windows of `length_s` seconds, `rate_hz` of them a second, as `vlret.index.windows` makes them of a file.

    At the start, and behind a gap, a window holds the frames that there are.

    Attributes:
        frames_hz: frames a second that it wants: the model's number in a window, and one in each step at least.
    """

    def __init__(self, embedder: Embedder, rate_hz: float, length_s: float) -> None:
        self._embedder, self._rate_hz, self._length_s = embedder, rate_hz, length_s
        self.frames_hz = max(embedder.card.frames / length_s, rate_hz)
        self._recent: deque[tuple[float, _Item]] = deque()  # (end of the time that a frame stands for, item)
        self._n_steps = 0
        self._is_complete = True  # the last window holds the last frame

    def push(self, frames: Sequence[LiveFrame]) -> list[tuple[float, Vectors]]:
        """Return (end in seconds, unit vector float32 [dim]) of each window that these frames complete."""
        windows = []
        for frame, item in zip(frames, self._items(frames), strict=True):
            end_s = frame.time_s + 0.5 / self.frames_hz
            self._add(end_s, item)
            n_steps = int(end_s * self._rate_hz + _ROUNDING)
            self._is_complete = n_steps > self._n_steps
            if self._is_complete:
                windows.append((end_s, [item for _, item in self._recent]))
            self._n_steps = n_steps
        return self._embedded(windows)

    def flush(self) -> list[tuple[float, Vectors]]:
        """The same of the window that ends with the stream, unless it ended with a step."""
        if self._is_complete:
            return []
        self._is_complete = True
        return self._embedded([(self._recent[-1][0], [item for _, item in self._recent])])

    def _add(self, end_s: float, item: _Item) -> None:
        self._recent.append((end_s, item))
        while self._recent[0][0] <= end_s - self._length_s + _ROUNDING:
            self._recent.popleft()

    def _items(self, frames: Sequence[LiveFrame]) -> Sequence[_Item]:
        if self._embedder.encodes_frames_alone:
            return self._embedder.encode_pixels([frame.pixels[None] for frame in frames])
        return [frame.pixels for frame in frames]

    def _embedded(self, windows: Sequence[tuple[float, list[_Item]]]) -> list[tuple[float, Vectors]]:
        if not windows:
            return []
        vectors = unit_rows(self._embedder.predict(self._tokens([items for _, items in windows])))
        return [(end_s, vector) for (end_s, _), vector in zip(windows, vectors, strict=True)]

    def _tokens(self, windows: Sequence[list[_Item]]) -> list[Tokens]:
        if not self._embedder.encodes_frames_alone:
            return self._embedder.encode_pixels([np.stack(items) for items in windows])
        return [np.concatenate(items) for items in windows]
