"""A library of videos with known copies, made from the test splits of the data directory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks.duplicates.copies import KINDS, read_frames, write_copy, write_frames
from vlret.datasets.files import read_records
from vlret.datasets.tar_set import Item, read_bytes
from vlret.types import Pixels

CAPTIONED = ("msvd", "msrvtt", "panda70m", "autoeval")
LEAST_S = 5.0
N_STARTS, N_LONG = 13, 8
"""Videos with a common start, and those that the long one consists of."""
RATE, SIZE = Fraction(12), (320, 180)
START_S, OWN_S = 4, 6
"""Seconds of a common start, and of what follows it."""


def write_library(data: Path, folder: Path, n_videos: int) -> None:
    """Write videos NAME@KIND.mp4: files of one NAME hold the same footage, those of two NAMEs do not.

    There are `n_videos` originals with a copy of each kind, a long video with a trimmed copy, and what is easily taken
    for copies: different videos after the same black start or the same intro, and different takes of one camera. No
    source is in two of these groups.
    """
    videos = _captioned(data, folder / "sources", n_videos + N_STARTS + N_LONG)
    for video in tqdm(videos[:n_videos], unit="video"):
        (folder / f"{video.stem}@original.mp4").symlink_to(video)
        for kind in KINDS:
            write_copy(video, folder / f"{video.stem}@{kind}.mp4", kind)
    others = [_frames(video) for video in videos[n_videos:]]
    _write_starts(folder, others[:N_STARTS])
    _write_long(folder, others[N_STARTS:])
    for name, n_joined, camera in (("asl", 3, "split"), ("fightsurv", 3, "scene")):
        _write_takes(folder, name, n_joined, _cameras(data, folder / "sources", name, camera))


def _captioned(data: Path, folder: Path, n: int) -> list[Path]:
    rows = [(name, row) for name in CAPTIONED for row in read_records(data / name / "captions.jsonl")
            if row["split"] == "test" and row["seconds"] >= LEAST_S]  # fmt: skip
    chosen = np.random.default_rng(0).permutation(len(rows))[:n]
    return [_extracted(data / rows[number][0], rows[number][1], folder) for number in chosen]


def _cameras(data: Path, folder: Path, name: str, camera: str) -> list[list[Path]]:
    """The clips of each camera, which the column `camera` names."""
    found: dict[str, list[Path]] = defaultdict(list)
    for row in read_records(data / name / "labels.jsonl"):
        if row["split"] in ("test", "all"):
            found[row[camera]].append(_extracted(data / name, row, folder))
    return list(found.values())


def _extracted(folder: Path, row: dict[str, Any], target: Path) -> Path:
    target.mkdir(parents=True, exist_ok=True)
    path = target / f"{folder.name}-{row['video']}"
    (content,) = read_bytes([Item(row["video"], folder / row["shard"], row["split"])])
    path.write_bytes(content)
    return path


def _frames(video: Path) -> Pixels:
    """The frames of a video at RATE and SIZE."""
    frames, rate = read_frames(video)
    numbers = np.arange(0, len(frames), float(rate / RATE)).astype(int)
    return np.stack([np.asarray(Image.fromarray(frames[number]).resize(SIZE)) for number in numbers])


def _write_starts(folder: Path, videos: Sequence[Pixels]) -> None:
    """Half of the videos after black, the others after the first seconds of one video."""
    start, own = START_S * int(RATE), OWN_S * int(RATE)
    black, intro, *rest = np.zeros_like(videos[0][:start]), videos[0][:start], *videos[1:]
    for number, frames in enumerate(rest):
        kind, first = ("black start", black) if number % 2 else ("intro", intro)
        write_frames(folder / f"{kind} {number}@start.mp4", iter([*first, *frames[-own:]]), RATE)


def _write_long(folder: Path, videos: Sequence[Pixels]) -> None:
    """The videos in a row, and the middle of that."""
    joined = [frame for frames in videos for frame in frames]
    write_frames(folder / "long@original.mp4", iter(joined), RATE)
    write_frames(folder / "long@middle.mp4", iter(joined[int(13.3 * RATE) : -int(17.6 * RATE)]), RATE, crf=34)


def _write_takes(folder: Path, name: str, n_joined: int, cameras: Sequence[Sequence[Path]]) -> None:
    """Every `n_joined` clips of a camera as one video."""
    for number, camera in enumerate(cameras):
        for first in range(0, len(camera) - n_joined + 1, n_joined):
            frames = [frame for clip in camera[first : first + n_joined] for frame in _frames(clip)]
            write_frames(folder / f"{name} camera {number} take {first}@take.mp4", iter(frames), RATE)
