"""The signature of a file: its frames as small grey pictures, eight a second, to tell copies from look-alikes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlret.media.pool import ClipDecoded, DecodeJob, DecodePool, FileFailed
from vlret.types import Pixels

RATE_HZ = 8
"""Frames a second."""
SIDE, IMAGE_SIDE = 8, 32
"""Pixels of a side, whatever the shape of the picture: crops and small shifts of time leave 8 x 8 much the same."""
Signature = NDArray[np.float32]
"""Grey values 0 to 255: float32 [n, SIDE, SIDE] of a video, frame i at (i + 0.5) / RATE_HZ seconds, or float32
[1, IMAGE_SIDE, IMAGE_SIDE] of an image."""


def signatures(paths: Iterable[Path], pool: DecodePool) -> Iterator[tuple[Path, Signature | None]]:
    """Yield each file with its signature, None where it cannot be read; at most 1.5 s at its end are left out."""
    clips: dict[Path, list[ClipDecoded]] = {}
    for event in pool.run(
        DecodeJob(path, "window:1", RATE_HZ, size=(IMAGE_SIDE, IMAGE_SIDE)) for path in paths
    ):
        if isinstance(event, ClipDecoded):
            clips.setdefault(event.job.path, []).append(event)
            continue
        decoded = clips.pop(event.job.path, [])
        yield event.job.path, None if isinstance(event, FileFailed) else _joined(decoded)


def _joined(clips: list[ClipDecoded]) -> Signature:
    """The seconds in a row; one in which no new frame begins shows the last frame before it."""
    if clips[0].clip.end is None:
        return _grey(clips[0].frames.pixels, IMAGE_SIDE)
    seconds: list[Signature] = []
    for clip in clips:
        while len(seconds) < round(clip.clip.start):
            seconds.append(np.repeat(seconds[-1][-1:], RATE_HZ, axis=0))
        if clip.clip.row_end - clip.clip.start > 1 - 0.5 / RATE_HZ:  # a rest of half a second is squeezed
            seconds.append(_grey(clip.frames.pixels, SIDE))
    return np.concatenate(seconds) if seconds else np.empty((0, SIDE, SIDE), np.float32)


def _grey(pixels: Pixels, side: int) -> Signature:
    grey = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    small: Signature = grey.reshape(len(grey), side, IMAGE_SIDE // side, side, -1).mean(axis=(2, 4))
    return small
