"""What a file holds: measured from its packets and its first frame, not believed from its header."""

from __future__ import annotations

from pathlib import Path

from vlret.media.info import MediaInfo
from vlret.media.reader import open_media

__all__ = ["MediaInfo", "probe"]


def probe(path: str | Path) -> MediaInfo:
    """What `path` holds; reads the packets of a video and decodes its first frame.

    Raises:
        MediaError: with the reason: not there, empty, audio only, a playlist, not a media file, nothing
            that can be decoded.
    """
    with open_media(path) as media:
        return media.info
