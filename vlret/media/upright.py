"""How stored frames are turned and mirrored for display."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from av import VideoFrame
from av.sidedata.sidedata import SideData, Type

from vlret.types import Pixels


def _unnamed(cls: type[Type], value: object) -> Type:
    """A side data type that FFmpeg has and PyAV does not name."""
    member = object.__new__(cls)
    member._name_ = f"UNNAMED_{value}"
    member._value_ = value  # type: ignore[assignment]
    return member


# One type that PyAV does not name (EXIF, the views of MV-HEVC) would make all side data of a frame unreadable.
Type._missing_ = classmethod(_unnamed)  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Upright:
    """The way from a stored frame to the displayed one: transpose, then mirror left-right, up-down."""

    transposed: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @property
    def rotation(self) -> int:
        """Degrees counter-clockwise; of a mirrored frame 0 or 90."""
        if not self.transposed:
            return 180 if self.mirror_x and self.mirror_y else 0
        return 270 if self.mirror_x and not self.mirror_y else 90

    def size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) after, or equally before, the way."""
        return (height, width) if self.transposed else (width, height)

    def apply(self, pixels: Pixels) -> Pixels:
        """uint8 [height, width, 3] as displayed."""
        if self.transposed:
            pixels = pixels.swapaxes(0, 1)
        if self.mirror_x:
            pixels = pixels[:, ::-1]
        return np.ascontiguousarray(pixels[::-1] if self.mirror_y else pixels)


def upright(frame: VideoFrame) -> Upright:
    """The way that a frame's display matrix asks for, to the nearest quarter turn.

    PyAV's `frame.rotation` alone cannot tell a mirrored frame from one upside down.
    """
    matrix = cast(SideData | None, frame.side_data.get("DISPLAYMATRIX"))
    if matrix is None:
        return Upright()
    # A stored point (x, y) is displayed at (a x + c y, b x + d y).
    a, b, _, c, d, *_ = np.frombuffer(bytes(matrix), np.int32).tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Upright(True, c < 0, b < 0)
    return Upright(False, a < 0, d < 0)
