"""Memory of `vlret stream` over an hour of stream: `python -m benchmarks.stream_memory`, on an idle machine.

The sample clips are joined into a loop, which ffmpeg sends through a pipe for an hour of its own time, as fast as the
model reads it. The resident memory of the command and of its decoding child is read at each event; the table has the
largest of each tenth of the stream.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import imageio_ffmpeg
import numpy as np
import typer

from benchmarks.console import launch

SAMPLES = Path("vlret/assets/samples/videos")
_ENCODED = ("-vf", "scale=320:240,fps=25,format=yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-an")


def main(
    hours: Annotated[float, typer.Option(help="Hours of stream.")] = 1.0,
    captioner: Annotated[str, typer.Option(help="As for vlret stream.")] = "auto",
    max_silence: Annotated[float, typer.Option(help="As for vlret stream.")] = 10.0,
) -> None:
    """Print the memory of `vlret stream` in each tenth of a long stream."""
    with tempfile.TemporaryDirectory() as folder:
        loop, sent = _loop(Path(folder)), Path(folder) / "fifo"
        sent_as = ["-stream_loop", "-1", "-i", loop, "-t", hours * 3600, "-c", "copy", "-f", "mpegts", sent]
        options = ["--captioner", captioner, "--max-silence", str(max_silence), "--format", "jsonl"]
        subprocess.run(["mkfifo", sent], check=True)
        with subprocess.Popen(_ffmpeg(*sent_as)) as sender:
            readings = _watched([sys.executable, "-m", "vlret", "stream", str(sent), *options])
            sender.kill()
    _print(np.array(readings), hours * 3600)


def _ffmpeg(*arguments: object) -> list[str]:
    return [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-nostdin", *map(str, arguments)]


def _loop(folder: Path) -> Path:
    """The sample clips in a row, as one MPEG-TS file."""
    parts = []
    for clip in sorted(SAMPLES.glob("*.mp4")):
        parts.append(folder / f"{clip.stem}.ts")
        subprocess.run(_ffmpeg("-i", clip, *_ENCODED, parts[-1]), check=True)
    loop = folder / "loop.ts"
    subprocess.run(_ffmpeg("-i", "concat:" + "|".join(map(str, parts)), "-c", "copy", loop), check=True)
    return loop


def _watched(command: list[str]) -> list[tuple[float, float, float]]:
    """(seconds of stream, MB of the command, MB of its child) at each event."""
    readings = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as stream:
        for line in stream.stdout or ():
            own, *children = map(resident_mb, [stream.pid, *children_of(stream.pid)])
            readings.append((json.loads(line)["decided_s"], own, sum(children)))
    return readings


def children_of(pid: int) -> list[int]:
    """The children of a process, whichever of its threads started them."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in lists for child in file.read_text().split()]


def resident_mb(pid: int) -> float:
    """The memory of a process; 0 for one that has just ended."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next((line for line in lines if "VmRSS" in line), "VmRSS: 0").split()[1]) / 1000


def _print(readings: np.ndarray, seconds: float) -> None:
    print("minutes of stream   events   command MB   child MB")
    for part in range(10):
        first, last = seconds * part / 10, seconds * (part + 1) / 10
        rows = readings[(readings[:, 0] >= first) & (readings[:, 0] < last)]
        if len(rows):
            own, child = rows[:, 1:].max(0)
            print(f"{first / 60:6.1f} to {last / 60:5.1f}   {len(rows):8}   {own:10.0f}   {child:8.0f}")


if __name__ == "__main__":
    launch(main)
