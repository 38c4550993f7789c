"""`MediaInfo`: what is known about a media file without decoding all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """Measured from the packets and the first frame of a file, not taken from its header (but for `taken`).

    Attributes:
        kind: "video" or "image".
        duration: seconds from the first frame shown to the end of the last one that the file holds; 0 for images.
        width, height: in pixels as displayed, after rotation (non-square pixels stay as stored).
        n_frames: frames in the file, damaged ones included; None where only decoding could count them.
        fps: mean frames per second; None for images and one-frame videos.
        codec: name of the codec or image format.
        rotation: degrees counter-clockwise by which stored frames are rotated for display (0, 90, 180 or 270).
        has_index: the file can be seeked (otherwise every read decodes from the start).
        shown_until: seconds until which the last frame is shown, as audio may be longer; at least `duration`.
        taken: when it was recorded, ISO 8601 without a zone: the clock of the place, UTC where the file has only
            that; from the header, None where it is not known.
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
    taken: str | None = None
