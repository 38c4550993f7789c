"""Media that are made to be indexed: two videos of ten minutes, and small images."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

DURATION_S = 600
FOLDER = Path("runs/speed")
VIDEOS = {
    "camera": "testsrc2=size=640x360:rate=25,noise=alls=12:allf=t",
    "slides": "testsrc2=size=160x120:rate=2",
}
"""FFmpeg's sources: `camera` costs as much to decode as a noisy recording, `slides` next to nothing."""


def video(name: str) -> Path:
    """Return the path of a video of `VIDEOS` in H.264; made if it is missing."""
    path = FOLDER / f"{name}.mp4"
    if path.is_file():
        return path
    FOLDER.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part.mp4")
    encoder = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-pix_fmt", "yuv420p"]
    source = ["-f", "lavfi", "-i", VIDEOS[name], "-t", str(DURATION_S)]
    subprocess.run([get_ffmpeg_exe(), "-y", "-v", "error", *source, *encoder, partial], check=True)
    return partial.replace(path)


def images(n: int) -> Path:
    """Return a folder of `n` JPEG files of 32 to 96 pixels a side, each another blurred noise; made if missing."""
    folder = FOLDER / f"images_{n}"
    if folder.is_dir():
        return folder
    partial = FOLDER / f"images_{n}.part"
    partial.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for number in range(n):
        noise = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
        width, height = rng.integers(32, 97, 2).tolist()
        noise.resize((width, height), Image.Resampling.BICUBIC).save(partial / f"{number:05}.jpg")
    return partial.replace(folder)
