"""Speed of indexing: `python -m benchmarks.speed`, on an idle machine.

Ten minutes of 640 x 360 H.264 are cut into 10 s windows of 8 frames each and decoded alone, encoded alone
and indexed. Each part is a process of its own, so that start-up, CPU seconds and memory are all counted.
"""

from __future__ import annotations

import json
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.console import launch
from vlret.errors import UsageError, VlretError
from vlret.models.device import check_names

DURATION_S, WINDOW_S, N_FRAMES = 600, 10, 8
N_CLIPS = DURATION_S // WINDOW_S
VIDEO = Path("runs/speed/ten_minutes.mp4")


def decode(video: Path, _dtype: str) -> None:
    """All clips of the video through the decoding pool, thrown away."""
    from vlret.media.pool import DecodeJob, DecodePool

    job = DecodeJob(video, f"window:{WINDOW_S}", N_FRAMES, "midpoint", "auto", (260, 260))
    with DecodePool(1) as pool:
        for _ in pool.run([job]):
            pass


def model(_video: Path, dtype: str) -> None:
    """As many clips of random pixels through vljepa-mini."""
    import vlret

    embedder = vlret.load_model("vljepa-mini", dtype=dtype)
    pixels = np.random.default_rng(0).integers(0, 256, (N_FRAMES, 260, 260, 3), dtype=np.uint8)
    embedder.embed_clips([pixels] * N_CLIPS)


def index(video: Path, dtype: str) -> None:
    """The whole index run."""
    import vlret

    with tempfile.TemporaryDirectory() as folder:
        vlret.build_index([video], out=Path(folder) / "index", clips=f"window:{WINDOW_S}", dtype=dtype)


PARTS = {"decode": decode, "model": model, "index": index}


def main(
    part: Annotated[str, typer.Argument(help="Run one part alone: decode, model or index.")] = "",
    dtype: Annotated[
        str, typer.Option(help="auto (bfloat16 where the processor has it) or float32.")
    ] = "auto",
) -> None:
    """Measure all parts in both number formats, or run one of them."""
    check_names("cpu", dtype)
    if part:
        _run(part, dtype)
        print(json.dumps(_usage()))
        return
    _make_video()
    for chosen in ("auto", "float32"):
        figures = {name: _measure(name, chosen) for name in PARTS}
        # what a decoding child takes is read off the decode part: torch forks a short-lived child that the
        # system counts with its parent's pages
        for name in ("decode", "index"):
            figures[name]["peak_gb"] += figures["decode"]["child_gb"]
        print(_table(chosen, figures), flush=True)


def _run(part: str, dtype: str) -> None:
    if part not in PARTS:
        raise UsageError(f"There is no part {part!r}.", f"There are: {', '.join(PARTS)}.")
    if not VIDEO.is_file():
        raise UsageError(f"{VIDEO} is missing.", "Run once without a part: it is made then.")
    PARTS[part](VIDEO, dtype)


def _measure(part: str, dtype: str) -> dict[str, float]:
    start = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.speed", part, "--dtype", dtype]
    usage: dict[str, float] = json.loads(_output(command).splitlines()[-1])
    return {"wall_s": time.perf_counter() - start, **usage}


def _output(command: list[str]) -> str:
    """What a program prints on stdout; what one that fails says on stderr is passed on."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except subprocess.CalledProcessError as error:
        sys.stderr.write(error.stderr)
        raise VlretError(f"{shlex.join(command)} failed.", "Its own lines above say why.") from error


def _usage() -> dict[str, float]:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu_s = sum(usage.ru_utime + usage.ru_stime for usage in (own, children))
    return {
        "cpu_s": cpu_s,
        "peak_gb": own.ru_maxrss * 1024 / 1e9,
        "child_gb": children.ru_maxrss * 1024 / 1e9,
    }


def _table(dtype: str, figures: dict[str, dict[str, float]]) -> str:
    lines = [
        f"dtype {dtype}",
        "| part | wall s | CPU s | clips/s | x real time | peak GB |",
        "|---|---|---|---|---|---|",
    ]
    for part, f in figures.items():
        speed = f"{N_CLIPS / f['wall_s']:.1f} | {DURATION_S / f['wall_s']:.0f}"
        lines.append(f"| {part} | {f['wall_s']:.1f} | {f['cpu_s']:.1f} | {speed} | {f['peak_gb']:.2f} |")
    alone = [figures[part] for part in ("decode", "model")]
    bound = max(*(f["wall_s"] for f in alone), sum(f["cpu_s"] for f in alone) / 2)
    lines.append(
        f"whole run / max(decode, model, half their CPU seconds): {figures['index']['wall_s'] / bound:.2f}"
    )
    return "\n".join(lines)


def _make_video() -> None:
    if VIDEO.is_file():
        return
    from imageio_ffmpeg import get_ffmpeg_exe

    VIDEO.parent.mkdir(parents=True, exist_ok=True)
    source = f"testsrc2=size=640x360:rate=25:duration={DURATION_S},noise=alls=12:allf=t"
    partial = VIDEO.with_suffix(".part.mp4")
    arguments: list[Any] = ["-f", "lavfi", "-i", source, "-c:v", "libx264", "-preset", "veryfast", "-crf", 26]
    command = [
        get_ffmpeg_exe(),
        "-y",
        "-v",
        "error",
        *map(str, arguments),
        "-pix_fmt",
        "yuv420p",
        str(partial),
    ]
    _output(command)
    partial.replace(VIDEO)


if __name__ == "__main__":
    launch(main)
