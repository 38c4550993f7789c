"""`MediaInfo`: what is known of a media file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What is known of a file without decoding all of it.

    kind: "video" or "image".
    duration: seconds from the first frame shown to the end of the last one that the file holds; 0 for images.
    width, height: in pixels as displayed, after rotation (pixels that are not square stay as stored).
    n_frames: frames the file holds, damaged ones included; None where only decoding could tell.
    fps: mean frames per second; None for images and one-frame videos.
    codec: name of the codec or image format.
    rotation: degrees counter-clockwise by which stored frames are turned for display (0, 90, 180 or 270).
    has_index: frames can be sought (else every read decodes from the start).
    shown_until: seconds up to which the last frame stays, as sound may go on after it; not before `duration`.
    """

    kind: Literal["video", "image"]
    duration: float
    width: int
    height: int
    n_frames: int | None
    fps: float | None
    codec: str
    rotation: int = 0
    has_index: bool = False
    shown_until: float = 0.0
