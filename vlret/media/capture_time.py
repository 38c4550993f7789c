"""When a file was recorded, as the clock at the place showed it, from what the camera wrote into the file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

QUICKTIME = "com.apple.quicktime.creationdate"
_EXIF_IFD, _DATE_TIME_ORIGINAL = 0x8769, 0x9003
# what a clock that was never set, or an empty field, gives: the epochs of MP4 and of Unix
_UNSET = {datetime(1904, 1, 1), datetime(1970, 1, 1)}


def video_taken(container: Mapping[str, str], stream: Mapping[str, str]) -> str | None:
    """The capture time in the metadata of a container and of its video stream, ISO 8601 without a zone; None: unknown.

    QuickTime's creationdate is local time with its zone, of which the local time is taken; `creation_time` is UTC by
    the standard, and is taken as it stands.
    """
    given = container.get(QUICKTIME), container.get("creation_time"), stream.get("creation_time")
    return next((taken for text in given if text and (taken := _iso(text))), None)


def image_taken(image: Image.Image) -> str | None:
    """EXIF's DateTimeOriginal, which is local time whatever OffsetTimeOriginal says; ISO 8601, None: unknown."""
    try:
        text = str(image.getexif().get_ifd(_EXIF_IFD)[_DATE_TIME_ORIGINAL])
    except Exception:  # noqa: BLE001 - odd metadata must not cost the image
        return None
    date, _, time = text.strip("\0 ").partition(" ")
    return _iso(f"{date.replace(':', '-')}T{time}")


def _iso(text: str) -> str | None:
    try:
        taken = datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        return None
    return None if taken in _UNSET else taken.isoformat()
