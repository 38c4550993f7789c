"""Still images by Pillow: identified by content, upright, without transparency, RGB."""

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
from vlret.media.capture_time import image_taken
from vlret.media.frame_size import Size
from vlret.media.image.rgb import LARGE_PIXELS, shrunk_to_rgb, to_rgb
from vlret.media.image.truncated_jpeg import JPEG_HEAD, is_blank, repaired
from vlret.media.limits import DECODER_BYTES, MAX_IMAGE_BYTES, PROGRESSIVE_BYTES
from vlret.media.squash import squash_image
from vlret.media.unreadable_error import UnreadableError
from vlret.types import Pixels

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")
# Brands of ISO media files. FFmpeg would play the tiles and thumbnails of a still image as videos.
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
_TRANSPOSED = (5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """Size in pixels as displayed, the format's name in lower case, and the capture time as `MediaInfo.taken`."""

    width: int
    height: int
    format: str
    taken: str | None = None


def image_info(path: Path) -> ImageInfo | None:
    """Return size and format of a still image; None for other files. An animated GIF is a video.

    Of a file with several images the main one is read: the first, in HEIF the primary one.

    Raises:
        MediaError: an image that cannot be read.
    """
    with path.open("rb") as file, _opened(path, file) as image:
        if image is None or (image.format == "GIF" and getattr(image, "is_animated", False)):
            return None
        width, height = image.size[::-1] if _orientation(image) in _TRANSPOSED else image.size
        return ImageInfo(width, height, str(image.format).lower(), image_taken(image))


def read_image(path: Path, size: Size | None = None) -> tuple[Pixels, bool]:
    """Return the image as uint8 [height, width, 3], resized to `size` (width, height) by BICUBIC if given.

    EXIF rotation is applied, transparency composited on white, CMYK and 16 bit converted.

    Returns:
        The pixels, and whether they are complete: a JPEG that lacks its last bytes is grey there.

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
        return _read(path, BytesIO(repaired(data)), size, is_cut=True), False


def _read(path: Path, file: BinaryIO, size: Size | None, is_cut: bool = False) -> Pixels:
    with _opened(path, file) as image:
        if image is None:
            raise UnreadableError(path, "not an image", "Check the file.", code="not_an_image")
        orientation = _orientation(image)
        stored = size[::-1] if size and orientation in _TRANSPOSED else size
        _load(path, image, stored)
        is_large = image.width * image.height > LARGE_PIXELS
        picture = shrunk_to_rgb(image, stored) if stored and is_large else to_rgb(image)
        if is_cut and is_blank(picture):
            raise ValueError("cut off before the picture")
        if orientation in _UPRIGHT:
            picture = picture.transpose(_UPRIGHT[orientation])
        return np.array(squash_image(picture, size) if size else picture)


@contextmanager
def _opened(path: Path, file: BinaryIO) -> Iterator[Image.Image | None]:
    """Open the image in `file` without decoding it; None if it is not an image."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about odd metadata
            yield _identify(file, path)
    except (MediaError, MemoryError):
        raise
    except Exception as error:  # decoders of damaged files raise anything
        reason = f"the image cannot be read ({' '.join(str(error).split())})"
        raise UnreadableError(path, reason, "Export it again.", code="damaged_image") from error


def _identify(file: BinaryIO, path: Path) -> ImageFile.ImageFile | None:
    """`Image.open` without its pixel limit, which is the same for all formats and for the whole process."""
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
    """Yield Pillow's readers for files that begin with the 16 bytes `head`."""
    for name in FORMATS:
        reader, accept = Image.OPEN[name]
        if accept is None or accept(head) is True:
            yield cast(Callable[[BinaryIO, str], ImageFile.ImageFile], reader)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        from pillow_heif import HeifImageFile

        yield HeifImageFile


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation that is still to be applied; 1 where it cannot be read."""
    if image.format == "TIFF":  # rotated by Pillow
        return 1
    try:
        return cast(int, image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - odd metadata must not cost the image
        return 1


def _load(path: Path, image: Image.Image, size: Size | None) -> None:
    """Decode `image`; a large JPEG only as large as `size` needs."""
    n_pixels = image.width * image.height
    n_bytes = n_pixels * PROGRESSIVE_BYTES if image.info.get("progressive") else 0
    if isinstance(image, JpegImageFile) and size and n_pixels > LARGE_PIXELS:
        image.draft(None, size)
    n_bytes += image.width * image.height * _bytes_per_pixel(image)
    if n_bytes > MAX_IMAGE_BYTES:
        pixels = f"{n_pixels / 1e6:.0f} megapixels of {image.format}"
        reason = f"{pixels} need more memory than {MAX_IMAGE_BYTES >> 20} MB"
        raise UnreadableError(path, reason, "Make it smaller.", code="too_large")
    image.load()


def _bytes_per_pixel(image: Image.Image) -> int:
    stored = 1 if image.mode in ("1", "L", "P") else 2 if image.mode.startswith("I;16") else 4
    # libtiff also holds a strip, which may be the whole image
    return DECODER_BYTES.get(str(image.format), 2 * stored if image.format == "TIFF" else stored)
