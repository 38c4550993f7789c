"""Still images by Pillow: told by content, upright, without transparency, RGB."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from PIL import (  # noqa: F401 - the plugins register themselves
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.JpegImagePlugin import JpegImageFile

from vlret.errors import MediaError
from vlret.media.image.rgb import LARGE_PIXELS, shrunk_to_rgb, to_rgb
from vlret.media.image.truncated_jpeg import JPEG_HEAD, is_empty, mended
from vlret.media.limits import DECODER_BYTES, MAX_IMAGE_BYTES, PROGRESSIVE_BYTES
from vlret.media.unreadable import unreadable
from vlret.types import Pixels

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")
# Brands of ISO media files. FFmpeg would play the tiles and thumbnails of a still as videos.
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
_SEQUENCE_BRANDS = (b"hevc", b"hevx", b"hevm", b"hevs", b"msf1", b"avis")
_STILL_BRANDS = (b"avif", b"mif2", b"miaf", b"avci", b"j2ki", b"jpeg", b"crx ")
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = (5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """Size in pixels as displayed, and the format's name in lower case."""

    width: int
    height: int
    format: str


def image_info(path: Path) -> ImageInfo | None:
    """What a still image holds, None if the file is none; an animated GIF is a video.

    Where a file holds several pictures the main one counts: the first, in HEIF the primary one.

    Raises:
        MediaError: an image that cannot be read.
    """
    with path.open("rb") as file, _opened(path, file) as image:
        if image is None or (image.format == "GIF" and getattr(image, "is_animated", False)):
            return None
        width, height = image.size[::-1] if _orientation(image) in _LYING else image.size
        return ImageInfo(width, height, str(image.format).lower())


def read_image(path: Path, size: tuple[int, int] | None = None) -> tuple[Pixels, bool]:
    """The image as uint8 [height, width, 3], squashed to `size` (width, height) by BICUBIC if given.

    EXIF rotation is applied, transparency laid on white, CMYK and 16 bit converted.

    Returns:
        The pixels, and whether they are all there: a JPEG that lacks its last bytes is grey where they lay.

    Raises:
        MediaError: an image that cannot be read, or that needs too much memory.
    """
    try:
        with path.open("rb") as file:
            return _read(path, file, size), True
    except MediaError as error:
        data = path.read_bytes() if isinstance(error.__cause__, OSError) else b""
        if not data.startswith(JPEG_HEAD):
            raise
        return _read(path, BytesIO(mended(data)), size, is_cut=True), False


def _read(path: Path, file: BinaryIO, size: tuple[int, int] | None, is_cut: bool = False) -> Pixels:
    with _opened(path, file) as image:
        if image is None:
            raise unreadable(path, "not an image", "Check the file.", "not_an_image")
        orientation = _orientation(image)
        stored = size[::-1] if size and orientation in _LYING else size
        _load(path, image, stored)
        is_large = image.width * image.height > LARGE_PIXELS
        picture = shrunk_to_rgb(image, stored) if stored and is_large else to_rgb(image)
        if is_cut and is_empty(picture):
            raise ValueError("cut off before the picture")
        if orientation in _UPRIGHT:
            picture = picture.transpose(_UPRIGHT[orientation])
        return np.array(picture.resize(size, Image.Resampling.BICUBIC) if size else picture)


@contextmanager
def _opened(path: Path, file: BinaryIO) -> Iterator[Image.Image | None]:
    """The image of the open `file`, not yet decoded; None if it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata
            yield _identify(file, path)
    except (MediaError, MemoryError):
        raise
    except Exception as error:  # decoders of damaged files raise anything
        reason = f"the image cannot be read ({' '.join(str(error).split())})"
        raise unreadable(path, reason, "Export it again.", "damaged_image") from error


def _identify(file: BinaryIO, path: Path) -> ImageFile.ImageFile | None:
    """What `Image.open` does, without its limit of pixels, which is one for all formats and all of a process."""
    head, failure = file.read(16), None
    for reader in _readers(head):
        try:
            file.seek(0)
            return reader(file, str(path))
        except (SyntaxError, IndexError, TypeError, struct.error) as error:
            failure = error
    brand = head[8:12] if head[4:8] == b"ftyp" else None
    if failure and brand not in _SEQUENCE_BRANDS:
        raise failure
    if brand in _STILL_BRANDS:
        raise ValueError(f"images of the kind {head[8:12].decode()} are not read")
    return None


def _readers(head: bytes) -> Iterator[Callable[[BinaryIO, str], ImageFile.ImageFile]]:
    """The readers of Pillow for files that begin with the 16 bytes `head`."""
    for name in FORMATS:
        reader, accept = Image.OPEN[name]
        if accept is None or accept(head) is True:
            yield cast(Callable[[BinaryIO, str], ImageFile.ImageFile], reader)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        from pillow_heif import HeifImageFile

        yield HeifImageFile


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation that is still to be applied; 1 where it cannot be read."""
    if image.format == "TIFF":  # turned by Pillow
        return 1
    try:
        return cast(int, image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - odd metadata must not cost the picture
        return 1


def _load(path: Path, image: Image.Image, size: tuple[int, int] | None) -> None:
    """Decode `image`, a large JPEG no larger than `size` needs it."""
    n_pixels = image.width * image.height
    n_bytes = n_pixels * PROGRESSIVE_BYTES if image.info.get("progressive") else 0
    if isinstance(image, JpegImageFile) and size and n_pixels > LARGE_PIXELS:
        image.draft(None, size)
    n_bytes += image.width * image.height * _bytes_per_pixel(image)
    if n_bytes > MAX_IMAGE_BYTES:
        pixels = f"{n_pixels / 1e6:.0f} megapixels of {image.format}"
        reason = f"{pixels} need more memory than {MAX_IMAGE_BYTES >> 20} MB"
        raise unreadable(path, reason, "Make it smaller.", "too_large")
    image.load()


def _bytes_per_pixel(image: Image.Image) -> int:
    stored = 1 if image.mode in ("1", "L", "P") else 2 if image.mode.startswith("I;16") else 4
    # libtiff holds a strip besides, which may be the whole image
    return DECODER_BYTES.get(str(image.format), 2 * stored if image.format == "TIFF" else stored)
