"""An image that is open like a video: one frame at time 0, whatever time is requested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from vlret.media.frame_size import Size
from vlret.media.image.read_image import ImageInfo, read_image
from vlret.media.info import MediaInfo
from vlret.types import Pixels


class Still:
    """An open image, with the attributes of a `Video`."""

    damaged_at: float | None = None
    decoded_end: float | None = None

    def __init__(self, path: Path, image: ImageInfo) -> None:
        self.path = path
        self.info = MediaInfo(
            "image", 0.0, image.width, image.height, 1, None, image.format, taken=image.taken
        )
        self.warnings: list[str] = []

    def frames_at(self, times: Sequence[float], size: Size | None) -> Iterator[tuple[float, Pixels]]:
        """(0.0, pixels) for each of `times`."""
        pixels, is_whole = read_image(self.path, size)
        self.warnings = [] if is_whole else ["damaged: the end of the file is missing"]
        return ((0.0, pixels) for _ in times)

    def every_frame(self, size: Size | None) -> Iterator[tuple[float, Pixels]]:
        """The one frame."""
        return self.frames_at([0.0], size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None
