"""The frames of clips: sampled and decoded, one clip or all clips of a file in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlret.errors import MediaError
from vlret.media.decode import check_size, decode, frames_in_any_order
from vlret.media.info import MediaInfo
from vlret.media.reader import Media, open_media
from vlret.media.sampling import sample_times
from vlret.types import Clip, Frames, Pixels


def read_clip(
    clip: str | Path | Clip,
    n_frames: int,
    *,
    sampling: str = "midpoint",
    decoder: str = "auto",
    size: tuple[int, int] | None = None,
) -> Frames:
    """`n_frames` frames of a clip, or of a whole file if a path is given; an image gives one.

    Args:
        clip: a path or a `Clip`.
        n_frames: at least 1.
        sampling: "midpoint" or "endpoints", see `sample_times`.
        decoder, size: as in `decode`.

    Raises:
        UsageError, MediaError, MissingExtraError: as `decode`; MediaError also for a clip past the end.
    """
    clip = clip if isinstance(clip, Clip) else Clip(Path(clip))
    check_size(size)
    with open_media(clip.path) as media:
        times = clip_times(clip, media.info, n_frames, sampling)
        if decoder in ("auto", "pyav"):
            return frames_in_any_order(media, times, size)
    return decode(clip.path, times, decoder, size)


def clip_times(clip: Clip, info: MediaInfo, n_frames: int, sampling: str) -> NDArray[np.float64]:
    """Times float64 [n] of a clip's frames in seconds; one for an image."""
    if info.kind == "image":
        return np.zeros(1)
    end_s = info.duration if clip.start < info.duration else info.shown_until
    if clip.start >= end_s:
        raise MediaError(f"{clip.path}: the clip starts at {clip.start} s, the video ends at {end_s:.3f} s.")
    end = min(end_s, clip.end if clip.end is not None else end_s)
    return sample_times(clip.start, end, n_frames, sampling, frame_s=1 / info.fps if info.fps else 1e-3)


def read_clips(
    media: Media, clips: Sequence[Clip], n_frames: int, sampling: str, size: tuple[int, int] | None
) -> Iterator[tuple[Clip, Frames]]:
    """All clips of an open file in one pass, in order, each as soon as its last frame is there.

    Clips that start after the last frame that can be decoded are left out.
    """
    times = [clip_times(clip, media.info, n_frames, sampling) for clip in clips]
    wanted = sorted((time, number) for number, row in enumerate(times) for time in row)
    begun: dict[int, _Filling] = {}
    following = 0
    shown = media.frames_at([time for time, _ in wanted], size)
    for (_, number), (stamp, pixels) in zip(wanted, shown, strict=True):
        begun.setdefault(number, _Filling(len(times[number]), pixels)).add(stamp, pixels)
        while following in begun and begun[following].is_full:
            frames = begun.pop(following).frames
            if media.decoded_end is None or clips[following].start < media.decoded_end:
                yield clips[following], frames
            following += 1


class _Filling:
    """The frames of one clip, filled one by one: at native size there is no memory for a second copy."""

    def __init__(self, n_frames: int, first: Pixels) -> None:
        self.frames = Frames(np.empty((n_frames, *first.shape), np.uint8), np.empty(n_frames))
        self._n_filled = 0

    def add(self, stamp: float, pixels: Pixels) -> None:
        self.frames.pixels[self._n_filled], self.frames.times[self._n_filled] = pixels, stamp
        self._n_filled += 1

    @property
    def is_full(self) -> bool:
        return self._n_filled == len(self.frames.times)
