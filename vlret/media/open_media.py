"""Opening any media file: a `Still`, a `Video`, or the reason why it cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vlret.media.image.read_image import image_info
from vlret.media.image.still import Still
from vlret.media.local_copy import local_copy
from vlret.media.unreadable_error import UnreadableError
from vlret.media.video.video import Video
from vlret.types import as_path

_PLAYLIST_HEADS = (b"#extm3u", b"ffconcat", b"[playlist]", b"<smil", b"v=0\r\n", b"v=0\n")

Media = Still | Video
"""An open file: `path`, `info`, `frames_at`, `every_frame`, `damaged_at`, `decoded_end`, `warnings`."""


@contextmanager
def open_media(path: str | Path, on_progress: Callable[[], None] = lambda: None) -> Iterator[Media]:
    """Open `path`, of an address a copy of it; `on_progress` is called as packets are read and decoded.

    Raises:
        MediaError: not found, empty, audio only, a playlist, not a media file, or nothing can be decoded.
    """
    with local_copy(as_path(path, "The file").absolute()) as local, _open(local, on_progress) as media:
        yield media


def _open(path: Path, on_progress: Callable[[], None]) -> Media:
    check_file(path)
    image = image_info(path)
    return Still(path, image) if image else Video(path, on_progress)


def check_file(path: Path) -> None:
    """Raise `MediaError` unless `path` is a file with something in it, and no playlist."""
    if not path.is_file():
        reason = "not a file" if path.exists() else "not found"
        raise UnreadableError(path, reason, "Check the path.", code="media_not_found")
    head = _head(path)
    if path.stat().st_size == 0:
        raise UnreadableError(path, "empty file", "Copy it again.", code="empty_file")
    if head.startswith(_PLAYLIST_HEADS) or b"<mpd" in head:
        reason = "a playlist, refused because it names other files or addresses"
        raise UnreadableError(path, reason, "Give those files.", code="playlist")


def _head(path: Path) -> bytes:
    """Return the first bytes in lower case, without leading blanks."""
    try:
        with path.open("rb") as file:
            return file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    except OSError as error:
        reason = f"cannot be opened: {error.strerror}"
        raise UnreadableError(path, reason, "Check its permissions.", code="media_unreadable") from error
