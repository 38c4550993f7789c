"""A decoded PyAV frame as RGB pixels: colours converted, upright, at any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from av import VideoFrame
from av.sidedata.sidedata import SideData, Type
from av.video.reformatter import Interpolation

from vlret.media.frame_size import Size
from vlret.types import Pixels

# Accurate rounding and full chroma cost little and keep flat colours within one level of the true ones.
_SCALING = (
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)

# YUV matrices that swscale converts: RGB, BT.709, none, FCC, BT.601 (two), SMPTE 240M, BT.2020.
_MATRICES = (0, 1, 2, 4, 5, 6, 7, 9)
_UNTAGGED, _BT2020, _BT2020_CONSTANT = 2, 9, 10


def _unnamed(cls: type[Type], value: object) -> Type:
    """Return a side data type that FFmpeg has and PyAV does not name."""
    member = object.__new__(cls)
    member._name_ = f"UNNAMED_{value}"
    member._value_ = value  # type: ignore[assignment]
    return member


# Without this, a type that PyAV does not name (EXIF, the views of MV-HEVC) makes all side data unreadable.
Type._missing_ = classmethod(_unnamed)  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a stored frame becomes the displayed one: transposed, then mirrored left-right, up-down."""

    transposed: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @property
    def rotation(self) -> int:
        """Degrees counter-clockwise; 0 or 90 for a mirrored frame."""
        if not self.transposed:
            return 180 if self.mirror_x and self.mirror_y else 0
        return 270 if self.mirror_x and not self.mirror_y else 90

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return the displayed (width, height) of a stored one, and the stored one of a displayed one."""
        return (height, width) if self.transposed else (width, height)

    def apply(self, pixels: Pixels) -> Pixels:
        """Return stored pixels uint8 [height, width, 3] as displayed."""
        if self.transposed:
            pixels = pixels.swapaxes(0, 1)
        if self.mirror_x:
            pixels = pixels[:, ::-1]
        return np.ascontiguousarray(pixels[::-1] if self.mirror_y else pixels)


def orientation_of(frame: VideoFrame) -> Orientation:
    """Return the orientation of a frame's display matrix, to the nearest quarter turn.

    PyAV's `frame.rotation` alone cannot distinguish a mirrored frame from one upside down.
    """
    matrix = cast(SideData | None, frame.side_data.get("DISPLAYMATRIX"))
    if matrix is None:
        return Orientation()
    # A stored point (x, y) is displayed at (a x + c y, b x + d y).
    a, b, _, c, d, *_ = np.frombuffer(bytes(matrix), np.int32).tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Orientation(True, c < 0, b < 0)
    return Orientation(False, a < 0, d < 0)


def frame_pixels(frame: VideoFrame, size: Size, orientation: Orientation) -> Pixels:
    """Return uint8 [height, width, 3] RGB of `frame` as displayed, scaled to `size`.

    `size` is (width, height) as displayed; scaling is bicubic, inside the colour conversion. Transparent frames are
    composited on white. Colours follow the frame's own tags (matrix, full or limited range); a matrix that swscale
    does not convert (YCgCo, ICtCp, ...) is taken as BT.601, as FFmpeg did before it refused them.
    """
    if frame.colorspace not in _MATRICES:
        frame.colorspace = _BT2020 if frame.colorspace == _BT2020_CONSTANT else _UNTAGGED
    width, height = orientation.size(*size)
    alpha = any(component.is_alpha for component in frame.format.components)
    layout = "rgba" if alpha else "rgb24"
    scaled = frame.reformat(width, height, layout, interpolation=_SCALING, threads=1)
    pixels = scaled.to_ndarray().astype(np.uint8, copy=False)
    if alpha:
        pixels = _on_white(pixels)
    return orientation.apply(pixels)


def _on_white(rgba: Pixels) -> Pixels:
    colour, alpha = rgba[..., :3].astype(np.uint16), rgba[..., 3:].astype(np.uint16)
    mixed: Pixels = ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return mixed
