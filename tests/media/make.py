"""Tiny videos and images whose frames carry their number: eight bars over a red and a blue field.

The number survives compression, scaling and odd sizes; the two fields tell whether a frame stands upright.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np

from vlret.media.info import MediaInfo
from vlret.media.open_media import open_media

WIDTH, HEIGHT, RATE = 128, 96, 10
RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """uint8 [height, width, 3]: the bars of `number` (0 to 255) above, red and blue below."""
    pixels = np.zeros((height, width, 3), np.uint8)
    bits = [(number >> bit) & 1 for bit in range(8)]
    columns = np.arange(width) * 8 // width
    pixels[: height * 2 // 3] = np.where(np.array(bits)[columns], 235, 16)[None, :, None]
    pixels[height * 2 // 3 :, : width // 2] = RED
    pixels[height * 2 // 3 :, width // 2 :] = BLUE
    return pixels


def number_of(pixels: np.ndarray) -> int:
    """The number on a frame; raises if red is not lower left and blue not lower right."""
    height, width, _ = pixels.shape
    assert field(pixels, 0.25)[0] > 120 > field(pixels, 0.25)[2], "red should be lower left"
    assert field(pixels, 0.75)[2] > 120 > field(pixels, 0.75)[0], "blue should be lower right"
    top = pixels[height // 6 : height // 2].mean((0, 2))
    return sum(int(top[int((bit + 0.5) * width / 8)] > 128) << bit for bit in range(8))


def field(pixels: np.ndarray, across: float) -> np.ndarray:
    """Mean colour of a spot in the lower part, `across` from left (0) to right (1)."""
    height, width, _ = pixels.shape
    x, y = int(width * across), int(height * 5 / 6)
    return pixels[y - 2 : y + 3, x - 4 : x + 5].reshape(-1, 3).mean(0)


def ffmpeg(*arguments: object, data: bytes | None = None) -> None:
    """Run ffmpeg and raise with its own words if it fails."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-nostdin", "-threads", "1"]
    done = subprocess.run([*command, *map(str, arguments)], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def video(
    path: Path, *arguments: object, n: int = 40, width: int = WIDTH, height: int = HEIGHT, rate: object = RATE
) -> Path:
    """`n` numbered frames at `rate` a second, encoded with ffmpeg's output `arguments`."""
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", rate, "-i"]
    frames = b"".join(picture(number, width, height).tobytes() for number in range(n))
    command = imageio_ffmpeg.get_ffmpeg_exe()
    done = subprocess.run(
        [command, "-v", "error", "-y", *map(str, source), "pipe:0", *map(str, arguments or H264), str(path)],
        input=frames, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return path


H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", 2, "-g", 10, "-pix_fmt", "yuv420p")


def sequential(path: Path) -> list[tuple[float, int]]:
    """The oracle: (seconds from the first frame, number) of every frame, by plain PyAV from start to end."""
    with av.open(str(path)) as container:
        frames = [(float(f.pts * f.time_base), f) for f in container.decode(video=0)]
        return [(time - frames[0][0], number_of(upright(f))) for time, f in frames]


def upright(frame: av.VideoFrame) -> np.ndarray:
    return np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))


def probe(path: Path) -> MediaInfo:
    """What the file holds."""
    with open_media(path) as media:
        return media.info
