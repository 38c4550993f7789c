"""Opening any media file: the reason if it cannot be read, else a `Still` or a `Video`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Self

from vlret.errors import MediaError
from vlret.media.image import ImageInfo, image_info, read_image
from vlret.media.info import MediaInfo
from vlret.media.video import Video
from vlret.types import Pixels

_PLAYLIST_HEADS = (b"#extm3u", b"ffconcat", b"[playlist]", b"<smil", b"v=0\r\n", b"v=0\n")


class Still:
    """An image: one frame at time 0, whatever time is asked for."""

    damaged_at: float | None = None
    decoded_end: float | None = None

    def __init__(self, path: Path, image: ImageInfo) -> None:
        self._path = path
        self.info = MediaInfo("image", 0.0, image.width, image.height, 1, None, image.format)
        self.warnings: list[str] = []

    def frames_at(
        self, times: Iterable[float], size: tuple[int, int] | None
    ) -> Iterator[tuple[float, Pixels]]:
        """(0.0, pixels) for each of `times`."""
        pixels, is_whole = read_image(self._path, size)
        self.warnings = [] if is_whole else ["damaged: the end of the file is missing"]
        return ((0.0, pixels) for _ in times)

    def every_frame(self, size: tuple[int, int] | None) -> Iterator[tuple[float, Pixels]]:
        """The one frame."""
        return self.frames_at([0.0], size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


Media = Still | Video
"""An open file; both have `info`, `frames_at`, `every_frame`, `damaged_at`, `decoded_end`, `warnings`."""


def open_media(path: str | Path, on_progress: Callable[[], None] = lambda: None) -> Media:
    """Open `path` as a context manager; `on_progress` is called as packets are read and decoded.

    Raises:
        MediaError: with the reason.
    """
    path = Path(path).absolute()
    _refuse_at_sight(path)
    still = image_info(path)
    return Still(path, still) if still else Video(path, on_progress)


def _refuse_at_sight(path: Path) -> None:
    if not path.is_file():
        raise MediaError(f"{path}: {'not a file' if path.exists() else 'not there'}.", "Check the path.")
    try:
        with path.open("rb") as file:
            head = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    except OSError as error:
        raise MediaError(f"{path}: cannot be opened: {error.strerror}.", "Check its permissions.") from error
    if path.stat().st_size == 0:
        raise MediaError(f"{path}: empty file.", "Copy it again.")
    if head.startswith(_PLAYLIST_HEADS) or b"<mpd" in head:
        raise MediaError(
            f"{path}: a playlist, refused because it names other files or addresses.", "Give those files."
        )
