"""What is measured, each in a process of its own: decoding alone, the model alone, and whole index runs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.speed.sources import DURATION_S

WINDOW_S, N_FRAMES, BATCH = 10, 8, 8
N_CLIPS = DURATION_S // WINDOW_S
SIZE = (260, 260)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a part runs on: a video or a folder of images, and the arguments of `load_model`."""

    source: Path
    dtype: str
    engine: str


def decode(settings: Settings) -> None:
    """All clips of a video through the decoding pool, thrown away."""
    from vlret.media.pool import DecodeJob, DecodePool

    job = DecodeJob(settings.source, f"window:{WINDOW_S}", N_FRAMES, "midpoint", "auto", SIZE)
    with DecodePool(1) as pool:
        for _ in pool.run([job]):
            pass


def model(settings: Settings) -> None:
    """As many clips of random pixels through vljepa-mini."""
    import vlret

    embedder = vlret.load_model("vljepa-mini", dtype=settings.dtype, engine=settings.engine)
    pixels = np.random.default_rng(0).integers(0, 256, (N_FRAMES, *SIZE, 3), dtype=np.uint8)
    embedder.embed_clips([pixels] * N_CLIPS)


def index(settings: Settings) -> None:
    """A whole index run."""
    import vlret

    with tempfile.TemporaryDirectory() as folder:
        vlret.build_index(
            settings.source,
            out=Path(folder) / "index",
            clips=f"window:{WINDOW_S}",
            dtype=settings.dtype,
            engine=settings.engine,
            progress=False,
        )


def index_with(encoders: int, threads: int, settings: Settings) -> None:
    """A whole index run with another number of encoders, and of threads in each."""
    from vlret.index import encode
    from vlret.index.encoder_threads import Shares

    frames = -(-BATCH // encoders) * N_FRAMES
    encode.shares_of = lambda *_: Shares(encoders, threads, frames)
    index(settings)


ALONE: dict[str, Callable[[Settings], None]] = {"decode": decode, "model": model}
INDEX: dict[str, Callable[[Settings], None]] = {"index": index}
ENCODERS: dict[str, Callable[[Settings], None]] = {
    f"index, {encoders} x {threads} threads": partial(index_with, encoders, threads)
    for encoders, threads in [(1, 1), (1, 2), (2, 1), (2, 2)]
}
PARTS = {**ALONE, **INDEX, **ENCODERS}
