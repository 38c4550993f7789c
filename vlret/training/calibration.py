"""Temperature and `unknown` threshold of a model, fitted on lists of short labels like those of users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlret.models.base import Embedder
from vlret.tasks.label import label_embeddings
from vlret.training.questions import THINGS, may_be, things_in
from vlret.types import Vectors

LIST_SIZES = (4, 8, 12, 20, 30)
TEMPERATURES = np.geomspace(0.005, 0.5, 93)

Mask = NDArray[np.bool_]
Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Calibration:
    """`temperature` divides cosines before the softmax; below `unknown_threshold` no label is likely right.

    `unknown_threshold` is None for a model that is never right.
    """

    temperature: float
    unknown_threshold: float | None


def calibrate_on(
    captions: Sequence[tuple[str, ...]], clips: Vectors, embedder: Embedder
) -> Calibration | None:
    """Fit on the captions of clips and their embeddings float32 [clips, dim].

    Labels are the things of `vlret.training.questions`, present where a caption names one. Returns None where no
    list can be drawn, for example if captions name none of them.
    """
    names = [words[0] for words in THINGS]
    named = [things_in(one) for one in captions]
    present = np.array([[name in things for name in names] for things in named])
    absent = np.array(
        [[name not in things and not may_be(name, things) for name in names] for things in named]
    )
    cosines = clips @ label_embeddings(embedder, names).T
    lists = make_lists(cosines, present, absent)
    return calibrate(lists) if lists else None


def make_lists(cosines: Scores, present: Mask, absent: Mask, seed: int = 0) -> list[Scores]:
    """Return cosines of random lists of labels: one array float32 [lists, size + 1] for each of `LIST_SIZES`.

    The first column is a label that is present, the others are absent. Without the last column a row is a
    list that holds the truth, without the first one a list that lacks it.

    Args:
        cosines: float32 [clips, labels].
        present, absent: bool [clips, labels]; a label that may be either is neither.
    """
    rng = np.random.default_rng(seed)
    lists = []
    for size in LIST_SIZES:
        usable = np.flatnonzero(present.any(1) & (absent.sum(1) >= size))
        rows = [_draw(present[clip], absent[clip], size, rng) for clip in usable]
        if rows:
            lists.append(np.take_along_axis(cosines[usable], np.array(rows), 1))
    return lists


def calibrate(lists: Sequence[Scores]) -> Calibration:
    """Fit both values on the lists of `make_lists`.

    The temperature makes the true label likeliest in lists that hold it (least negative log likelihood). The
    threshold keeps right labels and rejects lists without the truth (best balanced accuracy).
    """
    losses = [-np.log(np.concatenate([_softmax(rows[:, :-1] / t)[:, 0] for rows in lists])).mean()
              for t in TEMPERATURES]  # fmt: skip
    temperature = float(TEMPERATURES[int(np.argmin(losses))])
    right = np.concatenate([_right_probabilities(rows[:, :-1] / temperature) for rows in lists])
    if not len(right):
        return Calibration(round(temperature, 4), None)
    wrong = np.concatenate([_softmax(rows[:, 1:] / temperature).max(1) for rows in lists])
    thresholds = np.unique(np.concatenate([right, wrong]).round(3))
    balanced = [(right >= t).mean() + (wrong < t).mean() for t in thresholds]
    return Calibration(round(temperature, 4), float(thresholds[int(np.argmax(balanced))]))


def _draw(present: Mask, absent: Mask, size: int, rng: np.random.Generator) -> list[int]:
    own = rng.choice(np.flatnonzero(present))
    return [int(own), *rng.choice(np.flatnonzero(absent), size, replace=False).tolist()]


def _right_probabilities(scores: Scores) -> NDArray[np.float64]:
    """The best label's probability in each list whose best label is the first, the true one."""
    shares = _softmax(scores)
    return np.asarray(shares[shares.argmax(1) == 0, 0])


def _softmax(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    powers = np.exp(scores.astype(np.float64) - scores.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))
