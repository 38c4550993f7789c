"""A film of sample clips whose left edge shows the second: its grey value is 16 + 8 times the seconds."""

from __future__ import annotations

from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import av
import numpy as np

SAMPLES = Path(str(files("vlret") / "assets" / "samples"))
FPS = 10
SIZE = (320, 240)
EDGE = 32


def film(path: Path, codec: str, *parts: tuple[str, int]) -> None:
    """Write `parts`, (name of a sample clip, seconds of it), one after the other."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=FPS, options={"qscale": "2", "crf": "12", "preset": "veryfast"})
        stream.width, stream.height = SIZE
        stream.pix_fmt, stream.gop_size = "yuv420p", FPS
        n = 0
        for name, length in parts:
            for picture in _pictures(SAMPLES / "videos" / name, length):
                picture[:, :EDGE] = 16 + 8 * n / FPS
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = n, Fraction(1, FPS)
                out.mux(stream.encode(frame))
                n += 1
        out.mux(stream.encode())


def _pictures(path: Path, length: int) -> list[np.ndarray]:
    """`FPS` pictures of each second."""
    pictures: list[np.ndarray] = []
    with av.open(str(path)) as video:
        for frame in video.decode(video=0):
            if len(pictures) < length * FPS and frame.time >= len(pictures) / FPS:
                pictures.append(frame.reformat(*SIZE, "rgb24").to_ndarray().copy())
    return pictures
