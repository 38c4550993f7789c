"""A decoded PyAV frame as RGB pixels: right colours, upright, any size."""

from __future__ import annotations

import numpy as np
from av import VideoFrame
from av.video.reformatter import Interpolation

from vlret.media.upright import Upright
from vlret.types import Pixels

# Accurate rounding and full chroma cost little and keep flat colours within one step of the true ones.
_SCALING = (
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)

# YUV matrices that swscale converts: RGB, BT.709, none, FCC, BT.601 (two), SMPTE 240M, BT.2020.
_MATRICES = (0, 1, 2, 4, 5, 6, 7, 9)
_UNTAGGED, _BT2020, _BT2020_CONSTANT = 2, 9, 10


def frame_pixels(frame: VideoFrame, size: tuple[int, int], way: Upright) -> Pixels:
    """uint8 [height, width, 3] RGB of `frame` as displayed, scaled to `size`.

    `size` is (width, height) as displayed; scaling is bicubic, inside the colour conversion. Transparency
    is laid on white. Colours follow the frame's own tags (matrix, full or limited range); a matrix that
    swscale does not convert (YCgCo, ICtCp, ...) is taken as BT.601, as FFmpeg did before it refused them.
    """
    if frame.colorspace not in _MATRICES:
        frame.colorspace = _BT2020 if frame.colorspace == _BT2020_CONSTANT else _UNTAGGED
    width, height = way.size(*size)
    alpha = any(component.is_alpha for component in frame.format.components)
    layout = "rgba" if alpha else "rgb24"
    scaled = frame.reformat(width, height, layout, interpolation=_SCALING, threads=1)
    pixels = scaled.to_ndarray().astype(np.uint8, copy=False)
    if alpha:
        pixels = _on_white(pixels)
    return way.apply(pixels)


def _on_white(rgba: Pixels) -> Pixels:
    colour, alpha = rgba[..., :3].astype(np.uint16), rgba[..., 3:].astype(np.uint16)
    mixed: Pixels = ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return mixed
