"""What it saves not to decode frames that no wanted frame needs: `python -m benchmarks.decode_speed [FILES]`.

Without files, a minute of the sample clips are encoded with several codecs. Of each film 8 frames of each 10 s are
decoded, as an index run does, once with all frames decoded and once without those that no other frame refers to, in
turns in one process. The pixels of both are compared.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import imageio_ffmpeg
import numpy as np
import typer

from benchmarks.console import launch
from vlret.media.clips import clips_of
from vlret.media.frames import clip_frames
from vlret.media.open_media import open_media
from vlret.media.video import stream
from vlret.types import Frames

SAMPLES = Path("vlret/assets/samples/videos")
FILMS = Path("runs/decode_speed")
SECONDS, WINDOW_S, N_FRAMES, SIZE = 60, 10, 8, (260, 260)
X264, X265 = ("-c:v", "libx264", "-preset"), ("-c:v", "libx265", "-x265-params", "log-level=none", "-preset")
ENCODED: dict[str, tuple[str, tuple[str, ...]]] = {
    "h264_360p_veryfast.mp4": ("640:360", (*X264, "veryfast")),
    "h264_360p_medium.mp4": ("640:360", (*X264, "medium")),
    "h264_720p_veryfast.mp4": ("1280:720", (*X264, "veryfast")),
    "h264_720p_no_b_frames.mp4": ("1280:720", (*X264, "veryfast", "-bf", "0")),
    "hevc_360p_fast.mp4": ("640:360", (*X265, "veryfast")),
    "vp9_360p.webm": ("640:360", ("-c:v", "libvpx-vp9", "-cpu-used", "7", "-row-mt", "1", "-b:v", "800k")),
    "av1_360p.mp4": ("640:360", ("-c:v", "libsvtav1", "-preset", "10")),
}


def main(
    files: Annotated[list[Path] | None, typer.Argument(help="Videos; without, some are made.")] = None,
    rounds: Annotated[int, typer.Option(help="How often each film is decoded either way.")] = 3,
) -> None:
    """Print the CPU seconds either way, their ratio, and whether all pixels are the same."""
    print("| file | all frames, CPU s | needed frames, CPU s | ratio | equal |\n|---|---|---|---|---|")
    total = np.zeros(2)
    for path in files or _made():
        seconds, is_equal = _measure(path, rounds)
        total += seconds
        _row(path.name, seconds, is_equal)
    _row("together", total, None)


def _row(name: str, seconds: np.ndarray, is_equal: bool | None) -> None:
    equal = "" if is_equal is None else "yes" if is_equal else "NO"
    print(
        f"| {name} | {seconds[0]:.2f} | {seconds[1]:.2f} | {seconds[0] / seconds[1]:.2f} | {equal} |",
        flush=True,
    )


def _measure(path: Path, rounds: int) -> tuple[np.ndarray, bool]:
    """Return the least CPU seconds float64 [2] with all and with the needed frames, and whether pixels are equal."""
    seconds = np.empty((rounds, 2))
    for turn in range(rounds):
        with _all_frames():
            expected, seconds[turn, 0] = _decoded(path)
        found, seconds[turn, 1] = _decoded(path)
    return seconds.min(0), _is_equal(expected, found)


def _is_equal(expected: list[Frames], found: list[Frames]) -> bool:
    pairs = zip(expected, found, strict=True)
    return all(np.array_equal(a.pixels, b.pixels) and np.array_equal(a.times, b.times) for a, b in pairs)


@contextmanager
def _all_frames() -> Iterator[None]:
    chosen = stream.references_of
    stream.references_of = lambda *_: None
    try:
        yield
    finally:
        stream.references_of = chosen


def _decoded(path: Path) -> tuple[list[Frames], float]:
    with open_media(path) as media:  # reads the table of packets, which is kept
        clips = clips_of(path, media, f"window:{WINDOW_S}")
        start = time.process_time()
        frames = [frames for _, frames in clip_frames(media, clips, N_FRAMES, "midpoint", SIZE)]
    return frames, time.process_time() - start


def _made() -> list[Path]:
    """Return the films of ENCODED, encoded from the sample clips in a row."""
    FILMS.mkdir(parents=True, exist_ok=True)
    return [_film(FILMS / name, scale, options) for name, (scale, options) in ENCODED.items()]


def _film(path: Path, scale: str, options: tuple[str, ...]) -> Path:
    if path.exists():
        return path
    clips = [
        option
        for clip in sorted(SAMPLES.glob("*.mp4"))
        for option in ("-stream_loop", "-1", "-t", "7", "-i", clip)
    ]
    n_clips = len(clips) // 6
    scaled = "".join(f"[{n}:v]scale={scale},setsar=1,fps=25,format=yuv420p[v{n}];" for n in range(n_clips))
    joined = scaled + "".join(f"[v{n}]" for n in range(n_clips)) + f"concat=n={n_clips}"
    partial = path.with_stem(f"{path.stem}.part")
    ends = ("-t", SECONDS, *options, partial)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *clips, "-filter_complex", joined, *ends]
    subprocess.run([str(word) for word in command], check=True)
    return partial.rename(path)


if __name__ == "__main__":
    launch(main)
