"""Fits the calibration on dev, and what else was tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.nothing_fits.queries import Trial
from vlret.tasks.calibration import Calibration, Floats, features, probability
from vlret.types import Vectors

KEPT = 0.95
"""Of the queries with an answer so many stay above the threshold."""
N_HITS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The nearest clips of one trial, best first: their features float64 [hits, 5], rows, and which are right."""

    trial: Trial
    vector: Vectors
    features: Floats
    rows: NDArray[np.int64]
    right: NDArray[np.bool_]

    @property
    def is_present(self) -> bool:
        """Whether the index holds an answer."""
        return bool(self.trial.right.any())


def score(
    trials: Sequence[Trial], pools: dict[str, Vectors], texts: dict[str, Vectors], null: Vectors
) -> list[Scored]:
    """Search each trial's index for its query."""
    return [_scored(trial, pools[trial.group[0]], texts[trial.query.text], null) for trial in trials]


def _scored(trial: Trial, pool: Vectors, text: Vectors, null: Vectors) -> Scored:
    cosines = pool[trial.rows] @ text
    best = np.argsort(-cosines)[:N_HITS]
    values = features(null, text, cosines[best], len(cosines))
    return Scored(trial, text, values, trial.rows[best], trial.right[best])


def fit(scored: Sequence[Scored], null: Vectors) -> Calibration:
    """The calibration whose curves are likeliest, and the threshold that keeps `KEPT` of the queries with an answer."""
    best = np.stack([one.features[0] for one in scored])
    is_present = np.array([one.is_present for one in scored])
    hits = np.concatenate([one.features for one in scored])
    curve = logistic(best, is_present)
    kept = float(np.quantile(probability(curve, best[is_present]), 1 - KEPT))
    right = np.concatenate([one.right for one in scored])
    return Calibration(null, logistic(hits, right), curve, round(kept, 3))


def logistic(values: Floats, truth: NDArray[np.bool_]) -> tuple[float, ...]:
    """Weights of the columns of `values` [n, c] and the constant of the likeliest logistic curve."""
    scale = values.std(0)
    model = LogisticRegression(C=1e6, max_iter=1000).fit(values / scale, truth)
    return tuple(round(float(one), 4) for one in (*(model.coef_[0] / scale), model.intercept_[0]))
