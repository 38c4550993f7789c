"""A planned video as an H.264 file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np

from benchmarks.selective.plan import Event, Piece
from vlret.files import replacing
from vlret.media.open_media import open_media
from vlret.types import Pixels

RATE_HZ = 10
SIZE = (288, 224)
FADE_S = 2.0
_OPTIONS = {"crf": "26", "preset": "ultrafast", "threads": "1"}


def render(events: Sequence[Event], path: Path, fade_s: float) -> None:
    """Write `events` as one file; neighbouring pieces fade into each other for `fade_s`, half before and half after.

    Clips are squashed to one size. A clip that is too short for a fade repeats its first or last frame.
    """
    with replacing(path) as file, av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE_HZ, options=_OPTIONS)
        stream.width, stream.height = SIZE
        stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, RATE_HZ)
        for number, pixels in enumerate(frames(events, fade_s)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def frames(events: Sequence[Event], fade_s: float) -> Iterator[Pixels]:
    """Each frame, uint8 [height, width, 3], `RATE_HZ` a second."""
    pieces = [piece for event in events for piece in event.pieces]
    now = 0
    for number in range(round(pieces[-1].end_s * RATE_HZ)):
        time_s = number / RATE_HZ
        while pieces[now].end_s <= time_s:
            now += 1
        yield _blended(pieces, now, time_s, fade_s)


def _blended(pieces: Sequence[Piece], now: int, time_s: float, fade_s: float) -> Pixels:
    """The frame of piece `now`, mixed with that of the neighbour whose join is less than half a fade away."""
    piece, half_s = pieces[now], fade_s / 2
    since_s, left_s = time_s - piece.start_s, piece.end_s - time_s
    own = _frame(piece, time_s)
    if since_s < half_s and now > 0:
        other, share = pieces[now - 1], 0.5 + since_s / fade_s
    elif left_s < half_s and now + 1 < len(pieces):
        other, share = pieces[now + 1], 0.5 + left_s / fade_s
    else:
        return own
    mixed: Pixels = (share * own + (1 - share) * _frame(other, time_s)).astype(np.uint8)
    return mixed


def _frame(piece: Piece, time_s: float) -> Pixels:
    """The frame of the clip that `time_s` of the long video shows; beyond its ends its first or last frame."""
    frames_of_clip = _clip_frames(piece.clip.path, piece.clip.seconds)
    source_s = piece.source_s + (time_s - piece.start_s) * piece.speed
    row: Pixels = frames_of_clip[min(max(int(source_s * RATE_HZ + 1e-6), 0), len(frames_of_clip) - 1)]
    return row


@lru_cache(maxsize=3)
def _clip_frames(path: Path, seconds: float) -> Pixels:
    """The frames of a clip, uint8 [n, height, width, 3], `RATE_HZ` a second."""
    times_s = np.arange(max(1, round(seconds * RATE_HZ))) / RATE_HZ
    with open_media(path) as media:
        return np.stack([pixels for _, pixels in media.frames_at(times_s.tolist(), SIZE)])
