"""Pairs of files that may hold the same footage: several of their clips are alike, at one shift of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vlret.types import Ids, Vectors

LEAST_COSINE = 0.6
"""Of two clips that show the same seconds; see docs/duplicates.md for the measurement."""
LEAST_CLIPS = 0.5
"""Share of the clips of the file with fewer of them that have a like one at the same shift."""
_NEAREST = 10
_BLOCK = 128
_UNLIKE = np.float32(-2)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Numbers of two files, `a < b`, and the seconds `(least, most)` by which the time of `b` may be ahead."""

    a: int
    b: int
    shifts: tuple[float, float]


def candidates(clips: pd.DataFrame, files: Ids, vectors: Vectors) -> list[Candidate]:
    """Return the pairs of files that are worth comparing frame by frame.

    Every clip is compared with every other one, exactly; the 10 nearest in other files count. 100,000 clips take some
    minutes on two cores.

    Args:
        clips: `start` and `end` of n clips in seconds.
        files: int64 [n], the number of each clip's file.
        vectors: float32 [n, dim] of unit length.
    """
    rows = np.concatenate([*_like_clips(files, vectors), np.empty((0, 2), np.int64)])
    swapped = files[rows[:, 0]] > files[rows[:, 1]]
    rows[swapped] = rows[swapped, ::-1]
    rows = np.unique(rows, axis=0)
    starts, lengths = clips["start"].to_numpy(), (clips["end"] - clips["start"]).to_numpy()
    table = pd.DataFrame(
        {
            "a": files[rows[:, 0]], "b": files[rows[:, 1]], "shift": np.diff(starts[rows], axis=1)[:, 0],
            "reach": lengths[rows].max(axis=1),
        }
    )  # fmt: skip
    n_clips = np.bincount(files)
    found = (_candidate(pairs, n_clips) for _, pairs in table.groupby(["a", "b"]))
    return [item for item in found if item is not None]


def _candidate(pairs: pd.DataFrame, n_clips: Ids) -> Candidate | None:
    """The candidate of two files with these pairs of like clips."""
    a, b, reach = int(pairs["a"].iloc[0]), int(pairs["b"].iloc[0]), float(pairs["reach"].max())
    shift, n = _best_shift(pairs["shift"].to_numpy(), reach)
    is_enough = n >= LEAST_CLIPS * min(n_clips[a], n_clips[b])
    return Candidate(a, b, (shift - reach, shift + 2 * reach)) if is_enough else None


def _like_clips(files: Ids, vectors: Vectors) -> Iterator[Ids]:
    """Yield rows int64 [m, 2] of clips of different files that are alike."""
    for first in range(0, len(vectors), _BLOCK):
        part = slice(first, first + _BLOCK)
        cosines = vectors[part] @ vectors.T
        cosines[files[part, None] == files[None]] = _UNLIKE
        n = min(_NEAREST, len(vectors))
        nearest = np.argpartition(-cosines, n - 1, axis=1)[:, :n]
        is_like = np.take_along_axis(cosines, nearest, axis=1) >= LEAST_COSINE
        row, place = np.nonzero(is_like)
        yield np.stack([row + first, nearest[row, place]], axis=1).astype(np.int64)


def _best_shift(shifts: NDArray[np.float64], reach: float) -> tuple[float, int]:
    """The start of the span of `reach` seconds that holds most of `shifts`, and how many it holds."""
    ordered = np.sort(shifts)
    n = np.searchsorted(ordered, ordered + reach, side="right") - np.arange(len(ordered))
    best = int(n.argmax())
    return float(ordered[best]), int(n[best])
