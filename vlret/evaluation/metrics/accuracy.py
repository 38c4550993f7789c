"""What is counted from answers: yes/no questions and pairs of questions, each from a share in 0..1 that is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class YesNo:
    """Yes/no answers: `said_yes` [n] is the share of "yes" in each answer (0.5 for a tie), `is_yes` [n] the truth.

    Each figure is 0 where its denominator is 0, as scikit-learn gives it.
    """

    said_yes: Floats
    is_yes: NDArray[np.bool_]

    @property
    def columns(self) -> Floats:
        """float64 [n, 4]: said yes, is yes, both, 1; the figures follow from their sums."""
        both = self.said_yes * self.is_yes
        return np.stack([self.said_yes, self.is_yes, both, np.ones(len(both))], axis=1)


def yes_rate(sums: Floats) -> float:
    """Share of questions answered with yes, from the sums of `YesNo.columns`."""
    return float(sums[0] / sums[3])


def precision(sums: Floats) -> float:
    """Share of the yes answers that are correct."""
    return float(sums[2] / sums[0]) if sums[0] else 0.0


def recall(sums: Floats) -> float:
    """Share of the questions with the answer yes that were answered yes."""
    return float(sums[2] / sums[1]) if sums[1] else 0.0


def f1(sums: Floats) -> float:
    """Harmonic mean of precision and recall."""
    return float(2 * sums[2] / (sums[0] + sums[1])) if sums[0] + sums[1] else 0.0


YES_NO = {"yes_rate": yes_rate, "precision": precision, "recall": recall, "f1": f1}


def paired(right: ArrayLike, groups: ArrayLike) -> Floats:
    """For each group of questions, in order of first sight, the share of "all of them right" in 0..1.

    A question that is alone in its group is not counted: the media of its partner are missing.
    """
    place, first = _pairs(groups)
    shares = np.ones(place.max(initial=-1) + 1)
    np.multiply.at(shares, place, np.asarray(right, np.float64))
    return np.asarray(shares[place[first]])


def first_of_pairs(groups: ArrayLike) -> NDArray[np.int64]:
    """The number of the first question of each pair that `paired` counts, in its order."""
    return _pairs(groups)[1]


def _pairs(groups: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each question the number of its group, and the first question of each group that has several."""
    _, first, place, counts = np.unique(
        np.asarray(groups), return_index=True, return_inverse=True, return_counts=True
    )
    return place.astype(np.int64), np.sort(first[counts > 1]).astype(np.int64)


def membership(labels: list[tuple[int, ...]], n_classes: int) -> csr_array:
    """bool [n, classes] of class numbers."""
    rows = np.repeat(np.arange(len(labels)), [len(row) for row in labels])
    columns = np.array([label for row in labels for label in row], np.int64)
    return csr_array((np.ones(len(rows), bool), (rows, columns)), (len(labels), n_classes))
