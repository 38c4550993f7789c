"""What turns cosines into probabilities that can be believed: temperature and threshold, fitted on dev."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlret.types import Vectors

CANDIDATES = 20
"""Texts in the lists that are judged: one's own caption and those of other clips."""
TEMPERATURES = np.geomspace(0.005, 0.5, 93)


@dataclass(frozen=True)
class Calibration:
    """`temperature` divides cosines before the softmax; below `unknown_threshold` no candidate is right."""

    temperature: float
    unknown_threshold: float


def calibrate(clips: Vectors, texts: Vectors, owner: NDArray[np.int64], seed: int = 0) -> Calibration:
    """Fit both on clips [n, dim] and one text of each out of texts [m, dim], text j being of clip `owner[j]`.

    The temperature makes a clip's own text likeliest among `CANDIDATES` (least negative log likelihood).
    The threshold tells best, in balanced accuracy, whether the list holds the clip's own text.
    """
    rng = np.random.default_rng(seed)
    own = texts[np.unique(owner, return_index=True)[1]]
    others = np.array([_others(n, len(clips), rng) for n in range(len(clips))])
    cosines = np.einsum("nd,nkd->nk", clips, own[np.column_stack([np.arange(len(clips)), others])])
    losses = [-np.log(_softmax(cosines / t)[:, 0]).mean() for t in TEMPERATURES]
    temperature = float(TEMPERATURES[int(np.argmin(losses))])
    known = _softmax(cosines[:, :CANDIDATES] / temperature).max(1)
    unknown = _softmax(cosines[:, 1 : CANDIDATES + 1] / temperature).max(1)
    thresholds = np.unique(np.concatenate([known, unknown]))
    right = [(known >= t).mean() + (unknown < t).mean() for t in thresholds]
    return Calibration(round(temperature, 4), round(float(thresholds[int(np.argmax(right))]), 3))


def _others(number: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    drawn = rng.choice(count - 1, min(CANDIDATES, count - 1), replace=False)
    return np.asarray(drawn + (drawn >= number))


def _softmax(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    powers = np.exp(scores.astype(np.float64) - scores.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))
