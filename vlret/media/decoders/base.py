"""`Decoder`: the interface of every decoding library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from vlret.media.frame_size import Size
from vlret.media.open_media import Media
from vlret.media.sampling import Times
from vlret.types import Frames


class Decoder(Protocol):
    """Decodes frames of an open file.

    Attributes:
        name: what users choose it by, and an index stores.
        can_hang: it is used in child processes only, which are killed if it hangs.
    """

    name: str
    can_hang: bool

    def check_installed(self) -> None:
        """Raise MissingExtraError unless the library is installed; nothing is imported."""

    def frames(self, media: Media, rows: Sequence[Times], size: Size | None) -> Iterator[Frames]:
        """Yield the frames at each row of times, in order, each row as soon as its last frame is decoded.

        Args:
            media: the open file, of which nothing has been read yet.
            rows: float64 [n] each, n >= 1, seconds from the first frame shown, in any order.
            size: what the frames are scaled to; None leaves them at their displayed size.

        Raises:
            MediaError: the file cannot be decoded.
        """
