"""Small pictures of clips: the middle frame as a JPEG."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator
from itertools import groupby

from PIL import Image

from vlret.errors import MediaError
from vlret.media.read import read_clips
from vlret.media.reader import open_media
from vlret.types import Clip, Pixels

log = logging.getLogger(__name__)

_SIDE = 480  # pixels: sharp at twice the 240 points of a card, about 20 kB


def thumbnails(clips: Iterable[Clip], side: int = _SIDE) -> dict[Clip, bytes]:
    """The middle frame of each clip as a JPEG of at most `side` pixels a side.

    A file is opened once for all its clips. One that cannot be read is left out, with a warning.
    """
    ordered = sorted(set(clips), key=lambda clip: (clip.path, clip.start))
    pictures: dict[Clip, bytes] = {}
    for path, group in groupby(ordered, key=lambda clip: clip.path):
        try:
            pictures.update(_of_file(list(group), side))
        except (MediaError, OSError) as error:
            log.warning("No picture of %s: %s", path, error)
    return pictures


def _of_file(clips: list[Clip], side: int) -> Iterator[tuple[Clip, bytes]]:
    with open_media(clips[0].path) as media:
        for clip, frames in read_clips(media, clips, 1, "midpoint", None):
            yield clip, _jpeg(frames.pixels[0], side)


def _jpeg(pixels: Pixels, side: int) -> bytes:
    picture = Image.fromarray(pixels)
    picture.thumbnail((side, side))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()
