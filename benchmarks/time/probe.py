"""All figures of one model: what rearranged frames change in its tokens and embeddings, and what a probe finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.time.arranged import arranged, orders_of, over_time
from benchmarks.time.clips import SourceClip, source_clips
from benchmarks.time.direction import direction
from benchmarks.time.movement import movement
from benchmarks.time.pairs import choose_pairs, join, order_rows
from benchmarks.time.rows import Row
from benchmarks.time.vitatecs import vitatecs_row
from vlret.models.base import Embedder

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Encoded:
    """Vectors of clips by arrangement of their frames (`orders_of`): of the X-encoder's tokens, and embeddings.

    A vector of tokens holds a mean for each frame, one after the other; one of a half is the mean over its frames.
    """

    sources: list[str]
    tokens: dict[str, Rows]
    embeddings: dict[str, Rows]


def encode(embedder: Embedder, clips: Iterable[SourceClip], seed: int = 0) -> Encoded:
    """Encode each clip in each arrangement of its frames."""
    rng = np.random.default_rng(seed)
    sources, tokens, embeddings = [], [], []
    for clip in clips:
        orders = orders_of(len(clip.pixels), rng)
        found = arranged(embedder, clip.pixels, list(orders.values()))
        parts = [1 if name.endswith("half") else len(clip.pixels) for name in orders]
        tokens.append([over_time(values, count) for values, count in zip(found, parts, strict=True)])
        embeddings.append(embedder.predict(found))
        sources.append(clip.source)
    names = list(orders_of(2, rng))
    return Encoded(sources, _by_name(names, tokens), _by_name(names, embeddings))


def figures(embedder: Embedder, data: Path, tokens_only: bool) -> list[Row]:
    """Return the rows of a model on the clips below `data`/videos; `tokens_only` if its predictor is untrained."""
    frames, side = embedder.card.frames, embedder.card.resolution
    test = list(source_clips(data, "test", frames, side))
    train, seen = (encode(embedder, source_clips(data, "train", frames, side)), encode(embedder, test))
    rows = level_rows("tokens", train.sources, train.tokens, seen.sources, seen.tokens)
    if tokens_only:
        return rows
    rows += level_rows("embeddings", train.sources, train.embeddings, seen.sources, seen.embeddings)
    told = [clip for clip in test if clip.caption]
    rows += order_rows(embedder, told, join(embedder, told, choose_pairs(told)))
    return [*rows, vitatecs_row(embedder, data / "annotations" / "vitatecs", told)]


def level_rows(
    level: str,
    train_sources: Sequence[str],
    train: dict[str, Rows],
    sources: Sequence[str],
    test: dict[str, Rows],
) -> list[Row]:
    """Return the rows of one level, `tokens` or `embeddings`: movement on test clips, and the probe of direction."""
    forward, first = test["forward"], test["first half"]
    return [
        movement(f"{level}: moved by reversal", forward, test["reversed"], forward, sources),
        movement(f"{level}: moved by shuffling", forward, test["shuffled"], forward, sources),
        movement(f"{level}: from first half to second", first, test["second half"], first, sources),
        direction(
            f"{level}: forwards or backwards",
            train["forward"] - train["reversed"],
            train_sources,
            forward - test["reversed"],
            sources,
        ),
    ]


def _by_name(names: Sequence[str], rows: Sequence[Sequence[Rows]]) -> dict[str, Rows]:
    return {name: np.stack([row[number] for row in rows]) for number, name in enumerate(names)}
