"""The frames of an open file: at given times, or of its clips, by any decoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, takewhile

import numpy as np

from vlret.media.decoders.base import Decoder
from vlret.media.decoders.registry import AUTO, find_decoder
from vlret.media.frame_size import Size
from vlret.media.open_media import Media
from vlret.media.sampling import Times, clip_times
from vlret.types import Clip, Frames, Pixels


def frames_at(media: Media, times: Times, decoder: Decoder, size: Size | None) -> Frames:
    """Return the frames at `times` float64 [n], in any order, of a file of which nothing has been read yet."""
    if len(times):
        return next(iter(decoder.frames(media, [times], size)))
    width, height = size or (media.info.width, media.info.height)
    return Frames(np.empty((0, height, width, 3), np.uint8), np.empty(0))


def clip_frames(
    media: Media, clips: Sequence[Clip], n_frames: int, sampling: str, size: Size | None, decoder: str = AUTO
) -> Iterator[tuple[Clip, Frames]]:
    """Yield the frames of all clips of an open file in one pass, in order, each clip as soon as it is decoded.

    Clips that start after the last frame that can be decoded are left out.

    Raises:
        MediaError: a clip starts after the end of the video, or the file cannot be decoded.
    """
    rows = [clip_times(clip, media.info, n_frames, sampling) for clip in clips]
    decoded = find_decoder(decoder).frames(media, rows, size)
    for clip, frames in zip(clips, decoded, strict=True):
        if media.decoded_end is None or clip.start < media.decoded_end:
            yield clip, frames


def sampled_frames(media: Media, frames_hz: float, size: Size | None) -> Iterator[tuple[float, Pixels]]:
    """Yield (seconds, pixels) of the frame shown in the middle of each 1 / `frames_hz` seconds of an open file.

    An image, or a video shorter than that, gives one.
    """
    end_s = media.info.duration
    later = takewhile(lambda time: time < end_s, ((n + 0.5) / frames_hz for n in count(1)))
    times = [0.5 / frames_hz, *later]
    for time, (_, pixels) in zip(times, media.frames_at(times, size), strict=True):
        if media.decoded_end is not None and time >= media.decoded_end and time > times[0]:
            return
        yield time, pixels
