"""How probable it is that a hit is right, and whether an index holds an answer at all.

The same cosine is high for one query and low for another. So a query's score is compared with those that the query
has with unrelated clips, and with how many clips there are to be mistaken for an answer; logistic regressions fitted
on queries with and without an answer (`benchmarks/nothing_fits`) make it a probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vlret.types import Vectors

NEAREST = 5
"""Of so many unrelated clips, the nearest to a query, the mean cosine is what a score is compared with."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What turns the cosines of a sentence into probabilities, for one model.

    Attributes:
        null: embeddings of unrelated clips, float32 [m, dim], unit length.
        hit: log odds that a hit is right: a weight for each of `features`, and a constant.
        answer: the same for an index: that it holds an answer, by the score of its nearest clip.
        least: an index whose probability of an answer is lower holds nothing that fits.
    """

    null: Vectors
    hit: tuple[float, ...]
    answer: tuple[float, ...]
    least: float

    def of_query(self, query: Vectors, n_clips: int) -> QueryCalibration:
        """What turns the cosines of one sentence, of which `query` is the embedding, into probabilities.

        Args:
            query: float32 [dim], unit length.
            n_clips: clips of the index, at least 1.
        """
        return QueryCalibration(self, _of_query(self.null, query, n_clips))


@dataclass(frozen=True, slots=True, eq=False)
class QueryCalibration:
    """A calibration for one sentence in one index.

    Attributes:
        calibration: that of the model.
        of_query: the `features` that are the same for all hits, float64 [3].
    """

    calibration: Calibration
    of_query: Floats

    def probabilities(self, scores: ArrayLike) -> Floats:
        """The probability that each hit is right, float64 [n], from the cosines, [n], with which it falls."""
        return probability(self.calibration.hit, _features(scores, self.of_query))

    def nothing_fits(self, best: float) -> bool:
        """Whether the index holds no answer, `best` being its highest cosine."""
        answer = probability(self.calibration.answer, _features([best], self.of_query))
        return bool(answer[0] < self.calibration.least)


def features(null: Vectors, query: Vectors, scores: ArrayLike, n_clips: int) -> Floats:
    """What a probability depends on, float64 [n, 5].

    The columns are the cosine; the mean cosine of the query's `NEAREST` unrelated clips; the natural logarithm of the
    number of clips; the standard deviation of the query's cosines with all unrelated clips; and that times the cosine.
    """
    return _features(scores, _of_query(null, query, n_clips))


def _of_query(null: Vectors, query: Vectors, n_clips: int) -> Floats:
    unrelated = np.asarray(null @ query, np.float64)
    return np.array([np.sort(unrelated)[-NEAREST:].mean(), np.log(n_clips), unrelated.std()])


def _features(scores: ArrayLike, of_query: Floats) -> Floats:
    cosines = np.asarray(scores, np.float64)
    return np.column_stack([cosines, np.broadcast_to(of_query, (len(cosines), 3)), of_query[2] * cosines])


def probability(curve: ArrayLike, values: Floats) -> Floats:
    """The logistic curve over the rows of `features`, float64 [n]."""
    *weights, constant = np.asarray(curve, np.float64)
    odds = values @ np.array(weights) + constant
    return np.asarray(0.5 + 0.5 * np.tanh(odds / 2))  # the logistic function, without overflow
