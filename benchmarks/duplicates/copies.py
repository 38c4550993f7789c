"""Changed copies of a video: what people and platforms do to one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from vlret.types import Pixels

Change = Callable[[Pixels], Pixels]
"""One frame uint8 [height, width, 3] to another."""
TRIMMED_S = (1.7, 1.0)
"""Seconds that "trimmed" takes away at the start and at the end."""


def crop(share: float) -> Change:
    """Return the change that takes away `share` of the height and width, half of it on each side."""

    def change(frame: Pixels) -> Pixels:
        top, left = int(frame.shape[0] * share / 2), int(frame.shape[1] * share / 2)
        return frame[top : frame.shape[0] - top, left : frame.shape[1] - left]

    return change


def scale(factor: float) -> Change:
    """Return the change that makes a frame `factor` times as high and wide."""

    def change(frame: Pixels) -> Pixels:
        size = int(frame.shape[1] * factor), int(frame.shape[0] * factor)
        return np.asarray(Image.fromarray(frame).resize(size))

    return change


def brighten(frame: Pixels) -> Pixels:
    """Return the frame with gamma 0.7 and a tenth less contrast."""
    return (25 + 205 * (frame / 255) ** 0.7).astype(np.uint8)


def mirror(frame: Pixels) -> Pixels:
    """Return the frame with left and right exchanged."""
    return frame[:, ::-1]


def same(frame: Pixels) -> Pixels:
    """Return the frame."""
    return frame


KINDS: dict[str, tuple[Change, int, bool]] = {
    "re-encoded": (same, 38, False),
    "cropped 10%": (crop(0.1), 28, False),
    "cropped 20%": (crop(0.2), 28, False),
    "half size": (scale(0.5), 28, False),
    "brighter": (brighten, 28, False),
    "trimmed": (same, 28, True),
    "mirrored": (mirror, 28, False),
    "all but mirrored": (lambda frame: brighten(scale(0.6)(crop(0.1)(frame))), 34, True),
}
"""The change of a frame, x264's quantizer (crf) and whether the copy is trimmed, by kind of copy."""


def write_copy(source: Path, copy: Path, kind: str) -> None:
    """Write a copy of a video of this kind."""
    change, crf, is_trimmed = KINDS[kind]
    frames, rate = read_frames(source)
    if is_trimmed:
        head, tail = (round(seconds * rate) for seconds in TRIMMED_S)
        frames = frames[head : len(frames) - tail]
    write_frames(copy, map(change, frames), rate, crf)


def read_frames(source: Path) -> tuple[list[Pixels], Fraction]:
    """Return the frames of a video and their rate."""
    with av.open(str(source)) as container:
        rate = container.streams.video[0].average_rate or Fraction(25)
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)], rate


def write_frames(path: Path, frames: Iterator[Pixels], rate: Fraction, crf: int = 28) -> None:
    """Write frames as H.264 at even sizes."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate, options={"crf": str(crf), "preset": "ultrafast"})
        stream.pix_fmt = "yuv420p"
        for number, pixels in enumerate(frames):
            if number == 0:
                stream.height, stream.width = (length // 2 * 2 for length in pixels.shape[:2])
            even = np.ascontiguousarray(pixels[: stream.height, : stream.width])
            out.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        out.mux(stream.encode())
