"""A video of blocks of equal vectors, and annotations for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vlret.evaluation.standalone.selective.annotations import AnnotatedVideo, Annotation
from vlret.evaluation.standalone.selective.video import Sentences, WindowedVideo
from vlret.vectors import unit_rows

LENGTHS = (8, 20, 12)
"""Windows of the three blocks: 4, 10 and 6 s."""


def block_video(noise: float = 0.01, seed: int = 0) -> WindowedVideo:
    """Windows of half a second without overlap; blocks turn by 90 degrees; frames and shots change with them."""
    rng = np.random.default_rng(seed)
    blocks = np.repeat(np.eye(8)[: len(LENGTHS)], LENGTHS, axis=0)
    n = len(blocks)
    starts_s, first_rows = np.arange(n) / 2, np.cumsum((0, *LENGTHS[:-1]))
    changes = rng.random(n)
    changes[first_rows] = 50.0
    changes[0] = 0.0
    vectors = unit_rows(blocks + noise * rng.normal(size=blocks.shape))
    return WindowedVideo(starts_s, starts_s + 0.5, vectors, n / 2, changes, starts_s[first_rows])


def annotated(*spans: tuple[float, float | None, str], name: str = "video") -> AnnotatedVideo:
    return AnnotatedVideo(name, Path(f"{name}.mp4"), tuple(Annotation(s, e, (text,)) for s, e, text in spans))


def sentences(*spans: tuple[float, float]) -> Sentences:
    """Sentences said in the middle of their spans."""
    starts_s, ends_s = np.array(spans, np.float64).T
    return Sentences(
        starts_s,
        ends_s,
        (starts_s + ends_s) / 2,
        np.eye(len(spans), 4, dtype=np.float32),
        np.arange(len(spans)),
    )
