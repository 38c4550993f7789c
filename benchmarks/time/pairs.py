"""Two scenes joined in both orders, and the captions "A, then B" and "B, then A": which one is right?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.time.arranged import arranged
from benchmarks.time.clips import SourceClip
from benchmarks.time.rows import Row, pair_accuracy
from vlret.models.base import Embedder
from vlret.types import Vectors

TEMPLATES = ("{first}, then {second}.", "{second}, after {first}.")
"""The order of the words is that of the scenes in one template, and the opposite one in the other."""
PARTNERS = 4
"""Pairs that each clip is drawn for."""
SHARED = 1 / 3
"""Captions that share more of their words are taken as saying the same."""


@dataclass(frozen=True)
class JoinedPairs:
    """Pairs int [n, 2] of clips; vectors [n, 2, dim] of the joined clips (A B, B A) and of the halves (A, B) alone."""

    pairs: NDArray[np.int64]
    joined: Vectors
    halves: Vectors


def choose_pairs(clips: Sequence[SourceClip], seed: int = 0) -> NDArray[np.int64]:
    """Return pairs int [n, 2] of clips of different sources whose captions say different things, each pair once."""
    rng, found = np.random.default_rng(seed), set()
    for _ in range(PARTNERS):
        for first, second in enumerate(rng.permutation(len(clips)).tolist()):
            if _differ(clips[first], clips[second]):
                found.add((min(first, second), max(first, second)))
    return np.array(sorted(found), np.int64).reshape(-1, 2)


def join(embedder: Embedder, clips: Sequence[SourceClip], pairs: NDArray[np.int64]) -> JoinedPairs:
    """Join every second frame of one clip to those of the other, in both orders, and embed the joined clips."""
    joined, halves = [], []
    for first, second in pairs:
        frames = [clips[number].pixels[::2] for number in (first, second)]
        orders = np.split(np.arange(sum(map(len, frames))), [len(frames[0])])
        arrangements = [np.concatenate(orders), np.concatenate(orders[::-1]), *orders]
        vectors = embedder.predict(arranged(embedder, np.concatenate(frames), arrangements))
        joined.append(vectors[:2])
        halves.append(vectors[2:])
    return JoinedPairs(pairs, np.stack(joined), np.stack(halves))


def order_rows(embedder: Embedder, clips: Sequence[SourceClip], made: JoinedPairs) -> list[Row]:
    """Return how often the right order is found, by each template, and what limits it."""
    rows: list[Row] = []
    captions = [clip.caption for clip in clips]
    for template in TEMPLATES:
        texts = _texts(embedder, template, captions, made.pairs)
        cosines = np.einsum("ncd,ntd->nct", made.joined, texts)
        by_text, by_clip = _diagonal_wins(cosines), _diagonal_wins(cosines.swapaxes(1, 2))
        shown = template.format(first="A", second="B")
        rows += [
            pair_accuracy(f'order, "{shown}": text of a clip', by_text, made.pairs),
            pair_accuracy(f'order, "{shown}": clip of a text', by_clip, made.pairs),
        ]
    alone = np.einsum("ncd,ntd->nct", made.halves, _scenes(embedder, captions, made.pairs))
    rows.append(pair_accuracy("order, each half embedded alone", _assignment(alone), made.pairs))
    rows.append(
        pair_accuracy(
            'content: "A, then B" against "A, then C"', _content(embedder, captions, made), made.pairs
        )
    )
    return rows


def _differ(one: SourceClip, other: SourceClip) -> bool:
    words = [set(re.findall(r"[a-z]+", clip.caption.lower())) for clip in (one, other)]
    shared = len(words[0] & words[1]) / max(1, min(map(len, words)))
    return one.source != other.source and all(words) and shared <= SHARED


def _texts(embedder: Embedder, template: str, captions: Sequence[str], pairs: NDArray[np.int64]) -> Vectors:
    """Embeddings [n, 2, dim] of (A B, B A)."""
    both = [order for pair in pairs.tolist() for order in (pair, pair[::-1])]
    texts = [template.format(first=_start(captions[a]), second=_start(captions[b])) for a, b in both]
    return embedder.embed_texts(texts).reshape(len(pairs), 2, -1)


def _scenes(embedder: Embedder, captions: Sequence[str], pairs: NDArray[np.int64]) -> Vectors:
    """Embeddings [n, 2, dim] of the captions of A and B."""
    return embedder.embed_texts(captions)[pairs]


def _content(embedder: Embedder, captions: Sequence[str], made: JoinedPairs) -> NDArray[np.float64]:
    """Whether A B lies nearer to its text than to one in which the scene of the next pair takes the place of B."""
    wrong = np.stack([made.pairs[:, 0], np.roll(made.pairs[:, 1], 1)], axis=1)
    texts = [_texts(embedder, TEMPLATES[0], captions, pairs)[:, 0] for pairs in (made.pairs, wrong)]
    right, other = (np.einsum("nd,nd->n", made.joined[:, 0], vectors) for vectors in texts)
    return _won(right, other)


def _diagonal_wins(cosines: NDArray[np.float32]) -> NDArray[np.float64]:
    """Of cosines [n, 2, 2], how often the diagonal is the greatest of its row: 0, a half or 1 [n]."""
    rows = [_won(cosines[:, row, row], cosines[:, row, 1 - row]) for row in (0, 1)]
    return np.mean(rows, axis=0)


def _assignment(cosines: NDArray[np.float32]) -> NDArray[np.float64]:
    """Whether the better assignment of two halves to two captions is the right one."""
    return _won(cosines[:, 0, 0] + cosines[:, 1, 1], cosines[:, 0, 1] + cosines[:, 1, 0])


def _won(right: NDArray[np.float32], wrong: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.where(np.isclose(right, wrong, rtol=0, atol=1e-6), 0.5, right > wrong).astype(np.float64)


def _start(caption: str) -> str:
    return caption[:1].lower() + caption[1:]
