"""`Decoder`: what every decoding library is to vlret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from vlret.media.frame_size import Size
from vlret.media.open_media import Media
from vlret.media.sampling import Times
from vlret.types import Frames


class Decoder(Protocol):
    """Decodes frames of a file whose information was measured already.

    name: the one by which users choose it, and which an index stores.
    can_hang: it is used in child processes only, which are killed when it hangs.
    """

    name: str
    can_hang: bool

    def check_installed(self) -> None:
        """Raise MissingExtraError unless the library is installed; nothing is imported."""

    def frames(self, media: Media, rows: Sequence[Times], size: Size | None) -> Iterator[Frames]:
        """The frames at each row of times, row after row, each as soon as its last frame is decoded.

        Args:
            media: the open file, of which nothing has been read yet.
            rows: float64 [n] each, n >= 1, seconds from the first frame shown, in any order.
            size: what the frames are scaled to; None leaves them at their displayed size.

        Raises:
            MediaError: the file cannot be decoded.
        """
