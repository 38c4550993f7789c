"""Videos of a square that moves over a background, each along a path of its own."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from vlret.types import Pixels

FPS = 8


def walk(seed: int, seconds: int) -> NDArray[np.float64]:
    """Centres float64 [n, 2] in 0 to 1 of a square that wanders, FPS a second."""
    turns = np.random.default_rng(seed).normal(0, 0.12, (FPS * seconds, 2))
    return 0.5 + 0.35 * np.sin(
        np.cumsum(turns, axis=0) * 3 + np.random.default_rng(seed + 1).uniform(0, 6, 2)
    )


def pictures(seed: int, seconds: int, background: int = 0, side: int = 64) -> Pixels:
    """Frames uint8 [n, side, side, 3]; `background` numbers a picture of grey patches."""
    patches = np.random.default_rng(1000 + background).integers(40, 160, (8, 8))
    frames = np.repeat(np.kron(patches, np.ones((side // 8, side // 8)))[None], FPS * seconds, axis=0)
    half = side // 6
    for frame, (y, x) in zip(frames, (walk(seed, seconds) * side).astype(int), strict=True):
        frame[max(0, y - half) : y + half, max(0, x - half) : x + half] = 250
    return np.repeat(frames[..., None], 3, axis=3).astype(np.uint8)


def write(path: Path, frames: Pixels) -> Path:
    """Write frames as a video of FPS frames a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"crf": "20", "preset": "ultrafast"})
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        out.mux(stream.encode())
    return path


def signature(frames: Pixels) -> NDArray[np.float32]:
    """The signature of such frames, computed apart from vlret: block means of the grey values."""
    n, side = len(frames), frames.shape[1]
    return frames[..., 0].reshape(n, 8, side // 8, 8, side // 8).mean(axis=(2, 4)).astype(np.float32)
