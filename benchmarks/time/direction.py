"""A linear probe: do vectors of a clip tell whether it runs forwards or backwards?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold

from benchmarks.time.rows import Row, accuracy

Rows = NDArray[np.float32]
FOLDS = 5
PENALTIES = np.logspace(-2, 6, 9)


def direction(
    name: str, train: Rows, train_sources: Sequence[str], test: Rows, test_sources: Sequence[str]
) -> Row:
    """Return how often a linear probe scores a clip higher than the same clip backwards.

    Args:
        name: of the row.
        train, test: [n, width], the vector of a clip forwards minus that of it backwards: what a linear probe
            without a constant makes of the two. Rows of zeros count as a half.
        train_sources, test_sources: videos; the penalty is chosen by cross-validation over those of `train`.
    """
    scale = float(np.abs(train).mean()) or 1.0
    search = GridSearchCV(
        Ridge(fit_intercept=False), {"alpha": PENALTIES}, scoring=_hits, cv=GroupKFold(FOLDS)
    )
    search.fit(train.astype(np.float64) / scale, np.ones(len(train)), groups=train_sources)
    return accuracy(name, _right(search.predict(test / scale)), test_sources)


def _hits(probe: Ridge, rows: Rows, _: object) -> float:
    return float(_right(probe.predict(rows)).mean())


def _right(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(scores == 0, 0.5, scores > 0).astype(np.float64)
