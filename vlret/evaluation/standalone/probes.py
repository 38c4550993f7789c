"""Probes of bias and ambiguity: which labels a model is bad at, and whether it takes one gender for the other.

- Labels: accuracy of zero-shot classes against how often the training captions name the class, and against how
  near the nearest other class lies in the space of texts.
- People: captions that name one person by one gendered word; is the caption or its swap nearer to the photograph?
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from vlret.errors import UsageError
from vlret.evaluation.metrics.ranks import ranks
from vlret.evaluation.metrics.statistics import DRAWS, bootstrap_interval, statistic_interval
from vlret.types import Vectors

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Gender = Literal["male", "female"]

SWAPS = {
    "man": "woman", "men": "women", "boy": "girl", "boys": "girls", "guy": "lady", "guys": "ladies",
    "male": "female", "males": "females",
}  # fmt: skip
"""Male words and what stands for them in a swapped caption; female ones are swapped the other way round."""

_SWAPPED = {**SWAPS, **{female: male for male, female in SWAPS.items()}}
_FEMALE = (
    r"\w*wom[ae]n|\w*girls?|lad(?:y|ies)|females?|she|hers?|herself|\w*mothers?|mom|moms|mommy|daughters?"
    r"|sisters?|wife|wives|brides?|actress(?:es)?|waitress(?:es)?|ballerinas?|nuns?|queens?|princess(?:es)?"
)
_MALE = (
    r"(?!human|german|doberman)\w*m[ae]n|\w*boys?|guys?|males?|he|his|him|himself|\w*fathers?|dad|dads|daddy"
    r"|sons?|brothers?|husbands?|grooms?|kings?|princes?"
)
_GENDERED = re.compile(rf"\b(?:(?P<female>{_FEMALE})|(?P<male>{_MALE}))\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Estimate:
    """`value` and its 95% bootstrap interval, from `n` things: items, labels or captions."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Bin:
    """The labels whose value lies in `[low, high)`: how many, and the accuracy of their items (0..1)."""

    low: float
    high: float
    n_labels: int
    accuracy: Estimate


@dataclass(frozen=True, slots=True)
class Pair:
    """A caption of photograph number `photograph`, the gender that it names, and its swap."""

    photograph: int
    gender: Gender
    caption: str
    swapped: str


@dataclass(frozen=True, slots=True)
class Swapped:
    """What `swap_probe` finds, a direction under the gender that is true; `bias` is male minus female.

    `right`: share of captions nearer to their photograph than their swap is, a tie counting half. `shift`: mean
    of the cosine of the caption minus that of its swap.
    """

    right: dict[str, Estimate]
    shift: dict[str, Estimate]


def concept_counts(labels: Sequence[str], captions: Iterable[str]) -> Ints:
    """int64 [labels]: captions that name the label in whole words, singular or plural, in any sense and case."""
    texts = [caption.lower() for caption in captions]
    patterns = [re.compile(_either_number(label.lower())) for label in labels]
    return np.array([sum(bool(p.search(text)) for text in texts) for p in patterns], np.int64)


def nearest_other(labels: Vectors) -> Floats:
    """float64 [n]: the cosine of each of the unit vectors [n, dim] with the nearest other one."""
    cosines = np.asarray(labels @ labels.T, np.float64)
    np.fill_diagonal(cosines, -np.inf)
    return np.asarray(cosines.max(axis=1))


def label_hits(items: Vectors, labels: Vectors, truth: ArrayLike) -> Floats:
    """float64 [items] in 0..1: whether the nearest of the labels is number `truth` [items]; ties share."""
    return ranks(items, labels, np.asarray(truth)[:, None] == np.arange(len(labels))).hit_at(1)


def by_bin(of_label: ArrayLike, edges: ArrayLike, hits: ArrayLike, truth: ArrayLike) -> list[Bin]:
    """Accuracy of the items whose label's value lies between neighbouring edges; empty bins are left out.

    Args:
        of_label: a value of each label [labels], such as `concept_counts`.
        edges: rising [bins + 1]; a value that equals an edge lies in the bin above it.
        hits, truth: `label_hits` and its truth [items].

    Labels are drawn as a whole for the intervals.
    """
    values, bounds, right = np.asarray(of_label), np.asarray(edges, np.float64), np.asarray(hits)
    number = np.asarray(truth)
    place = np.searchsorted(bounds, values, side="right") - 1
    bins = []
    for n, (low, high) in enumerate(pairwise(bounds)):
        inside = place[number] == n
        if inside.any():
            accuracy = _mean(right[inside], number[inside])
            bins.append(Bin(float(low), float(high), int((place == n).sum()), accuracy))
    return bins


def correlation(of_label: ArrayLike, hits: ArrayLike, truth: ArrayLike) -> Estimate:
    """Spearman's rank correlation over labels of a value and the accuracy of the label's items.

    NaN where one of both is the same for all labels. Labels are drawn for the interval.

    Raises:
        UsageError: fewer than three labels have items.
    """
    present, place = np.unique(np.asarray(truth), return_inverse=True)
    if len(present) < 3:
        raise UsageError(
            f"A correlation over {len(present)} labels is not meaningful.",
            "Give items of three or more labels.",
            code="too_few_labels",
        )
    values = np.asarray(of_label, np.float64)[present]
    accuracy = np.bincount(place, np.asarray(hits)) / np.bincount(place)
    value, n = _spearman(values, accuracy), len(present)
    if np.isnan(value):
        return Estimate(value, np.nan, np.nan, n)
    picks = np.random.default_rng(0).integers(0, n, (DRAWS, n))
    low, high = np.nanquantile([_spearman(values[p], accuracy[p]) for p in picks], [0.025, 0.975])
    return Estimate(value, float(low), float(high), n)


def gender_pairs(captions: Sequence[Sequence[str]]) -> list[Pair]:
    """Captions with exactly one gendered word, one that `SWAPS` knows, of photographs of one gender.

    Args:
        captions: of each photograph. One whose captions name both genders is left out: there, the swap of a
            caption may be true, too.
    """
    pairs = []
    for photograph, texts in enumerate(captions):
        if len(set[str | None]().union(*map(_genders, texts))) == 1:
            pairs += [pair for text in texts for pair in _pair(photograph, text)]
    return pairs


def swap_probe(photographs: Vectors, pairs: Sequence[Pair], captions: Vectors, swapped: Vectors) -> Swapped:
    """How often and by how much a caption is nearer to its photograph than its swap.

    Args:
        photographs: unit vectors [n, dim].
        pairs: of `gender_pairs`.
        captions, swapped: unit vectors [pairs, dim] of the texts of the pairs.

    Photographs are drawn as a whole for the intervals; that of the bias is NaN where they are so few that a draw
    lacks a gender.

    Raises:
        UsageError: a gender has no pair.
    """
    genders = np.array([pair.gender for pair in pairs])
    owner = np.array([pair.photograph for pair in pairs], np.int64)
    missing = {"male", "female"} - {*genders.tolist()}
    if missing:
        raise UsageError(
            f"No caption names one {missing.pop()} person.", "Give more photographs.", code="gender_missing"
        )
    shift = ((captions - swapped) * photographs[owner]).sum(1).astype(np.float64)
    right = (shift > 0) + 0.5 * (shift == 0)
    return Swapped(_by_gender(right, genders, owner), _by_gender(shift, genders, owner))


def _by_gender(values: Floats, genders: NDArray[np.str_], owner: Ints) -> dict[str, Estimate]:
    found = {g: _mean(values[genders == g], owner[genders == g]) for g in ("male", "female")}
    of = [(genders == g).astype(np.float64) for g in ("male", "female")]
    columns = np.stack([values * of[0], of[0], values * of[1], of[1]], axis=1)
    low, high = statistic_interval(_difference, columns, owner)
    return {**found, "bias": Estimate(_difference(columns.sum(0)), low, high, len(values))}


def _difference(sums: Floats) -> float:
    with np.errstate(invalid="ignore"):  # a draw without one of the genders
        return float(sums[0] / sums[1] - sums[2] / sums[3])


def _mean(values: Floats, groups: Ints) -> Estimate:
    return Estimate(float(values.mean()), *bootstrap_interval(values, groups), len(values))


def _spearman(a: Floats, b: Floats) -> float:
    return float(stats.spearmanr(a, b).statistic) if np.ptp(a) and np.ptp(b) else np.nan


def _either_number(label: str) -> str:
    stem = re.escape(re.sub(r"(?<=[^s])s$", "", label))
    plural = rf"{stem[:-1]}(?:y|ies)" if stem.endswith("y") else rf"{stem}(?:e?s)?"
    return rf"\b{plural}\b"


def _genders(text: str) -> set[str | None]:
    return {match.lastgroup for match in _GENDERED.finditer(text)}


def _pair(photograph: int, text: str) -> list[Pair]:
    """The pair of a text that has one, else none."""
    words = list(_GENDERED.finditer(text))
    if len(words) != 1 or words[0].group().lower() not in _SWAPPED:
        return []
    word = words[0].group()
    other = _SWAPPED[word.lower()]
    put = other.capitalize() if word[0].isupper() else other
    gender: Gender = "female" if words[0]["female"] else "male"
    return [Pair(photograph, gender, text, text[: words[0].start()] + put + text[words[0].end() :])]
