"""A sprite: frames of a clip side by side in one JPEG, for a page that plays them on hover."""

from __future__ import annotations

from PIL import Image, ImageOps

from vlret.media.frames import clip_frames
from vlret.media.open_media import open_media
from vlret.reports.thumbnails import fitting, jpeg
from vlret.types import Clip

N_FRAMES = 8
WIDTH, HEIGHT = 240, 135
"""Pixels of each frame, with black borders where its shape is another one."""


def sprite(clip: Clip) -> bytes:
    """Return the middle frames of eight equal segments of a clip (eight times an image) in a row, as JPEG.

    Raises:
        MediaError: the file cannot be read, or ends before the clip.
    """
    row = Image.new("RGB", (N_FRAMES * WIDTH, HEIGHT))
    with open_media(clip.path) as media:
        size = fitting(media.info, 2 * WIDTH)
        for _, frames in clip_frames(media, [clip], N_FRAMES, "midpoint", size):
            for number in range(N_FRAMES):
                picture = Image.fromarray(frames.pixels[min(number, len(frames) - 1)])
                row.paste(ImageOps.pad(picture, (WIDTH, HEIGHT)), (number * WIDTH, 0))
    return jpeg(row)
