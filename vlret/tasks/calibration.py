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

    def probabilities(self, query: Vectors, scores: ArrayLike, n_clips: int) -> Floats:
        """The probability that each hit is right, float64 [n]; it falls with the cosine.

        Args:
            query: embedding of the sentence, float32 [dim], unit length.
            scores: cosines of the hits, [n].
            n_clips: clips of the index.
        """
        return probability(self.hit, features(self.null, query, scores, n_clips))

    def nothing_fits(self, query: Vectors, best: float, n_clips: int) -> bool:
        """Whether an index of `n_clips` clips holds no answer to `query`, `best` being its highest cosine."""
        answer = probability(self.answer, features(self.null, query, [best], n_clips))
        return bool(answer[0] < self.least)


def features(null: Vectors, query: Vectors, scores: ArrayLike, n_clips: int) -> Floats:
    """What a probability depends on, float64 [n, 5].

    The columns are the cosine; the mean cosine of the query's `NEAREST` unrelated clips; the natural logarithm of the
    number of clips; the standard deviation of the query's cosines with all unrelated clips; and that times the cosine.
    """
    cosines, unrelated = np.asarray(scores, np.float64), np.asarray(null @ query, np.float64)
    nearest, deviation = np.sort(unrelated)[-NEAREST:].mean(), unrelated.std()
    of_query = np.broadcast_to([nearest, np.log(n_clips), deviation], (len(cosines), 3))
    return np.column_stack([cosines, of_query, deviation * cosines])


def probability(curve: ArrayLike, values: Floats) -> Floats:
    """The logistic curve over the rows of `features`, float64 [n]."""
    *weights, constant = np.asarray(curve, np.float64)
    odds = values @ np.array(weights) + constant
    return np.asarray(0.5 + 0.5 * np.tanh(odds / 2))  # the logistic function, without overflow
