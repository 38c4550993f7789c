"""Still images by Pillow: told by content, upright, without transparency, RGB."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from vlret.errors import MediaError
from vlret.types import Pixels

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
_ORIENTATION = 0x0112
_TURNED = (5, 6, 7, 8)


def image_size(path: Path) -> tuple[int, int, str] | None:
    """(width, height, format) of a still image as displayed, None if the file is something else.

    An animated GIF is a video, hence None. Of an animated WebP or PNG the first picture counts.
    """
    try:
        with _open(path) as image:
            if image.format == "GIF" and getattr(image, "is_animated", False):
                return None
            width, height = image.size
            turned = image.getexif().get(_ORIENTATION) in _TURNED
            return (height, width, str(image.format)) if turned else (width, height, str(image.format))
    except UnidentifiedImageError:
        return None


def read_image(path: Path, size: tuple[int, int] | None = None) -> Pixels:
    """The image as uint8 [height, width, 3], squashed to `size` (width, height) by BICUBIC if given.

    EXIF rotation is applied, transparency laid on white, CMYK and 16 bit converted.
    """
    with _open(path) as image:
        picture = _to_rgb(ImageOps.exif_transpose(image))
    return np.array(picture.resize(size, Image.Resampling.BICUBIC) if size else picture)


@contextmanager
def _open(path: Path) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures; too large ones raise
            with Image.open(path, formats=FORMATS) as image:
                yield image
    except UnidentifiedImageError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise MediaError(f"{path}: the image cannot be read ({error}).", "Export it again.") from error


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bit grey: Pillow's own conversion would cut it at 255
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image.convert("RGB")
