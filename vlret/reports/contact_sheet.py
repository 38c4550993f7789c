"""A contact sheet: frames of a clip with their times in one JPEG that a vision model can take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

from PIL import Image, ImageDraw, ImageFont

from vlret.media.frames import clip_frames
from vlret.media.open_media import open_media
from vlret.reports.thumbnails import fitting, jpeg
from vlret.reports.timecode import timecode
from vlret.types import Clip, Frames

MOST_BYTES = 300_000
MOST_FRAMES = 16
WIDTH, HEIGHT = 360, 270
"""Pixels of each frame at most; four of them side by side."""
_COLUMNS = 4
_QUALITIES = (80, 65, 50, 35, 20)


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """A JPEG of at most MOST_BYTES, and the times of its frames in seconds, in reading order."""

    jpeg: bytes
    times: list[float]


def contact_sheet(clip: Clip, n_frames: int) -> ContactSheet:
    """Return the middle frames of `n_frames` equal segments of a clip (one of an image) with their time codes.

    Raises:
        MediaError: the file cannot be read, or ends before the clip.
    """
    with open_media(clip.path) as media:
        size = fitting(media.info, WIDTH)
        _, frames = next(iter(clip_frames(media, [clip], n_frames, "midpoint", size)))
        is_image = media.info.kind == "image"
    return ContactSheet(_small_jpeg(_drawn(frames, is_image)), frames.times.tolist())


def _drawn(frames: Frames, is_image: bool) -> Image.Image:
    n_columns = min(_COLUMNS, len(frames))
    pictures = [Image.fromarray(pixels) for pixels in frames.pixels]
    for picture in pictures:
        picture.thumbnail((WIDTH, HEIGHT))
    width, height = pictures[0].size
    sheet = Image.new("RGB", (n_columns * width, math.ceil(len(frames) / n_columns) * height))
    for number, (picture, time_s) in enumerate(zip(pictures, frames.times.tolist(), strict=True)):
        if not is_image:
            _write(picture, timecode(time_s))
        sheet.paste(picture, (number % n_columns * width, number // n_columns * height))
    return sheet


def _write(picture: Image.Image, text: str) -> None:
    draw = ImageDraw.Draw(picture)
    font = cast(ImageFont.FreeTypeFont, ImageFont.load_default(16))
    box = draw.textbbox((4, 2), text, font)
    draw.rectangle((box[0] - 4, box[1] - 2, box[2] + 4, box[3] + 2), fill="black")
    draw.text((4, 2), text, "white", font)


def _small_jpeg(picture: Image.Image) -> bytes:
    """Lower quality, then fewer pixels, until it is small enough."""
    while True:
        for quality in _QUALITIES:
            found = jpeg(picture, quality)
            if len(found) <= MOST_BYTES:
                return found
        picture = picture.reduce(2)
