"""Thumbnails of clips, as JPEG."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from PIL import Image

from vlret.errors import MediaError
from vlret.media.frames import clip_frames
from vlret.media.info import MediaInfo
from vlret.media.open_media import open_media
from vlret.text import printable
from vlret.types import Clip, Frames, Pixels

log = logging.getLogger(__name__)

SIDE = 400  # pixels: twice the 200 CSS pixels shown on a page, about 15 kB


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One frame: its time in seconds from the first frame of the file, and a JPEG."""

    time_s: float
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Preview:
    """What a page shows of a clip: its frames in order, and the duration of its file in seconds (0: an image)."""

    thumbnails: tuple[Thumbnail, ...]
    duration_s: float

    @property
    def middle(self) -> Thumbnail:
        """The frame in the middle."""
        return self.thumbnails[len(self.thumbnails) // 2]


def previews(clips: Iterable[Clip], n_frames: int = 1, side: int = SIDE) -> dict[Clip, Preview]:
    """Return the middle frames of `n_frames` equal segments of each clip (one of an image), at most `side` pixels.

    The middle one of several is `side` pixels, the others half of that. A file is opened once and read in one
    pass for all its clips. A file that cannot be read is skipped with a warning, a clip past the end of its file
    without one.
    """
    ordered = sorted(set(clips), key=lambda clip: (clip.path, clip.start))
    made: dict[Clip, Preview] = {}
    for path, group in groupby(ordered, key=lambda clip: clip.path):
        try:
            made.update(_of_file(list(group), n_frames, side))
        except (MediaError, OSError) as error:
            log.warning("No thumbnail of %s: %s", printable(path), printable(error))
    return made


def thumbnail(clip: Clip, side: int = 480) -> bytes:
    """Return the middle frame of a clip as JPEG, at most `side` pixels.

    Raises:
        MediaError: the file cannot be read, or ends before the clip.
    """
    with open_media(clip.path) as media:
        frames = next(clip_frames(media, [clip], 1, "midpoint", fitting(media.info, side)))[1]
    return _small(frames.pixels[0], side)


def _of_file(clips: list[Clip], n_frames: int, side: int) -> Iterator[tuple[Clip, Preview]]:
    with open_media(clips[0].path) as media:
        duration_s = media.info.duration
        existing = [clip for clip in clips if media.info.kind == "image" or clip.start < duration_s]
        for clip, frames in clip_frames(media, existing, n_frames, "midpoint", fitting(media.info, side)):
            yield clip, Preview(tuple(_thumbnails(frames, side)), duration_s)


def fitting(info: MediaInfo, side: int) -> tuple[int, int]:
    """Return (width, height) of at most `side` pixels: the decoder scales, which keeps 8K files cheap."""
    scale = min(side / max(info.width, info.height), 1.0)
    return max(round(info.width * scale), 1), max(round(info.height * scale), 1)


def _thumbnails(frames: Frames, side: int) -> Iterator[Thumbnail]:
    for number, (time_s, pixels) in enumerate(zip(frames.times, frames.pixels, strict=True)):
        yield Thumbnail(float(time_s), _small(pixels, side if number == len(frames) // 2 else side // 2))


def _small(pixels: Pixels, side: int) -> bytes:
    picture = Image.fromarray(pixels)
    picture.thumbnail((side, side))
    return jpeg(picture)


def jpeg(picture: Image.Image, quality: int = 80) -> bytes:
    """Return a picture as JPEG."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
