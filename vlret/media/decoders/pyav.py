"""PyAV, the default: true timestamps, all rows of times in one pass over the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from vlret.media.frame_size import Size
from vlret.media.open_media import Media
from vlret.media.sampling import Times
from vlret.types import Frames, Pixels


class PyAVDecoder:
    """Frames as `vlret.media.video` and `vlret.media.image` decode them."""

    name = "pyav"
    can_hang = False

    def check_installed(self) -> None:
        """PyAV is always installed."""

    def frames(self, media: Media, rows: Sequence[Times], size: Size | None) -> Iterator[Frames]:
        """As `Decoder.frames`; times past the end give the last frame that can be decoded."""
        wanted = sorted(
            (time, row, place) for row, times in enumerate(rows) for place, time in enumerate(times.tolist())
        )
        decoded = media.frames_at([time for time, _, _ in wanted], size)
        started: dict[int, _Row] = {}
        following = 0
        for (_, row, place), (stamp, pixels) in zip(wanted, decoded, strict=True):
            if row not in started:
                started[row] = _Row(len(rows[row]), pixels)
            started[row].put(place, stamp, pixels)
            while following in started and started[following].is_full:
                yield started.pop(following).frames
                following += 1


class _Row:
    """The frames of one row, stored one by one: at native size a second copy would take too much memory."""

    def __init__(self, n_frames: int, first: Pixels) -> None:
        self.frames = Frames(np.empty((n_frames, *first.shape), np.uint8), np.empty(n_frames))
        self._n_missing = n_frames

    def put(self, place: int, stamp: float, pixels: Pixels) -> None:
        self.frames.pixels[place], self.frames.times[place] = pixels, stamp
        self._n_missing -= 1

    @property
    def is_full(self) -> bool:
        return self._n_missing == 0
