"""Stand-ins without a decoder: "videos" are small text files, each of which says what is in it.

A file's text is one number a clip; its vectors point into that direction of a circle. "bad" at the end makes
it fail, "cut" damaged. Where a file is cut at seconds, the first number after each cut counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from vlret.media.info import MediaInfo
from vlret.media.pool import ClipDecoded, DecodeJob, Event, FileDone, FileFailed
from vlret.models.base import Embedder, ModelCard
from vlret.types import Clip, Frames, Pixels, Vectors

CLIP_S = 2.0


class CircleEmbedder(Embedder):
    """A clip's vector is the direction, in degrees, that its pixels spell."""

    def __init__(self, name: str = "circle", batch_size: int = 3) -> None:
        self.card = ModelCard(
            name=name, revision="1", weights_hash=name.encode().hex(), dim=2, frames=2, resolution=8, resize="squash",
            licence="Apache-2.0", prompts=("{}",), temperature=0.1, text_length=16,
        )  # fmt: skip
        self.batch_size = batch_size
        self.n_clips_seen = 0
        self.batches: list[int] = []

    def encode_pixels(self, clips: Sequence[Pixels]) -> list[np.ndarray]:
        self.batches.append(len(clips))
        self.n_clips_seen += len(clips)
        return [np.float32([clip[0, 0, 0, 0]]) for clip in clips]

    def predict(self, tokens: Sequence[np.ndarray], query: str | None = None) -> Vectors:
        return np.stack([self.vector(float(token[0])) for token in tokens])

    def vector(self, degrees: float) -> Vectors:
        """The vector of a clip; 255 stands for a model that fails."""
        if degrees == 255:
            return np.full(2, np.nan, np.float32)
        angle = np.deg2rad(degrees)
        return np.float32([np.cos(angle), np.sin(angle)])

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self.vector(float(text)) for text in texts])

    def is_cut(self, text: str) -> bool:
        return False


class TextPool:
    """A `DecodePool` for such text files."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers

    def __enter__(self) -> TextPool:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def start(self) -> None:
        return None

    def run(self, jobs: Iterable[DecodeJob]) -> Iterator[Event]:
        for job in jobs:
            yield from self._file(job)

    def _file(self, job: DecodeJob) -> Iterator[Event]:
        words = job.path.read_text().split()
        n_clips = sum(word.isdigit() for word in words)
        if n_clips and (job.clips == "whole" or job.clips.startswith("cuts:")):
            firsts = [0, *(int(float(second) / CLIP_S) for second in job.clips.split(":")[1:])]
            words, n_clips = [*(words[number] for number in firsts), *words[n_clips:]], len(firsts)
        start, end = job.within or (0.0, float("inf"))
        kept = [number for number in range(n_clips) if start <= number * CLIP_S < end]
        for number in kept:
            yield clip_decoded(job, number, int(words[number]))
        warning = f"damaged after {n_clips * CLIP_S} s" if "cut" in words else None
        yield (
            FileFailed(job, "damaged") if "bad" in words
            else FileDone(job, media_info(n_clips * CLIP_S), len(kept), warning)
        )  # fmt: skip


def clip_decoded(job: DecodeJob, number: int, value: int) -> ClipDecoded:
    clip = Clip(job.path, number * CLIP_S, (number + 1) * CLIP_S)
    pixels = np.full((2, 8, 8, 3), value, np.uint8)
    return ClipDecoded(job, clip, Frames(pixels, np.arange(2.0)))


def media_info(duration_s: float) -> MediaInfo:
    values = {"kind": "video", "duration": duration_s, "width": 8, "height": 8, "n_frames": None, "fps": 0.5,
              "codec": "text", "taken": "2024-05-06T14:03:22"}  # fmt: skip
    return MediaInfo(**values)


def write_text_video(path: Path, *values: object) -> Path:
    """A stand-in for a video with these clips."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(" ".join(map(str, values)))
    return path
