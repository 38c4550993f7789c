"""Captions that models wrote, scored against those of a set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from vlret.datasets.base import RetrievalSet
from vlret.errors import UsageError
from vlret.evaluation.metrics.cider import Floats, cider
from vlret.evaluation.metrics.statistics import bootstrap_interval, paired_test
from vlret.evaluation.results.json_codec import OPTIONAL

METRIC = "CIDEr-D x 100: n-grams of 1 to 4 words, sigma 6, their weights from the references of the set"


@dataclass(frozen=True, slots=True)
class Score:
    """A mean and its 95% bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference(Score):
    """A difference of two means over the same items, its interval and the p value of a paired test."""

    p: float


@dataclass(frozen=True, slots=True)
class CaptionScores:
    """CIDEr of the captions in one file.

    Attributes:
        name: of the file.
        items, references: how many items were captioned, and how many references they have.
        cider: the mean over items ("CIDEr" in JSON).
        minus_first: the difference from the first file; None for the first.
        per_item: CIDEr of each item.
    """

    name: str
    items: int
    references: int
    cider: Score = field(metadata={"key": "CIDEr"})
    minus_first: Difference | None = field(metadata=OPTIONAL)
    per_item: tuple[float, ...]


def score_captions(written: Mapping[str, RetrievalSet], known: RetrievalSet) -> list[CaptionScores]:
    """CIDEr of datasets of one caption for each item of `known`, by their names.

    Raises:
        UsageError: an item of `known` has no caption, or two, or a caption is of another item, or there
            is one item only.
    """
    if len(known.media) < 2:
        raise UsageError(
            f"{known.card.title} has only one item.",
            "CIDEr weighs words by how few items have them: give more items.",
            code="too_few_items",
        )
    scored = {name: cider(*paired_captions(name, one, known)) for name, one in written.items()}
    first = next(iter(scored.values()))
    return [
        CaptionScores(
            name,
            len(known.media),
            len(known.texts),
            Score(float(scores.mean()), *bootstrap_interval(scores)),
            None if scores is first else _difference(scores, first),
            tuple(scores.tolist()),
        )
        for name, scores in scored.items()
    ]


def _difference(scores: Floats, first: Floats) -> Difference:
    paired = paired_test(scores, first)
    return Difference(paired.difference, paired.low, paired.high, paired.p_value)


def paired_captions(
    name: str, written: RetrievalSet, known: RetrievalSet
) -> tuple[list[str], list[list[str]]]:
    """The written caption and the references of each of the media of `known`, in their order.

    Items are identified by their id, or by a file name that only one item has. `name` is what messages call
    `written`.

    Raises:
        UsageError: an item of `known` has no caption, or two, or a caption is of another item.
    """
    references: list[list[str]] = [[] for _ in known.media]
    for text, owner in zip(known.texts, known.owner, strict=True):
        references[owner].append(text)
    number = _numbers(known)
    captions: dict[int, str] = {}
    for text, owner in zip(written.texts, written.owner, strict=True):
        item = written.media[owner].id
        if item not in number:
            raise UsageError(
                f"{item} of {name} is not in {known.card.title}.",
                f"Allowed: one row for each of its {len(known.media)} items, such as {known.media[0].id}.",
                code="unknown_item",
                given=item,
            )
        if number[item] in captions:
            raise UsageError(
                f"{name} has two captions of {item}.",
                "Keep one row for it.",
                code="duplicate_caption",
                given=item,
            )
        captions[number[item]] = text
    silent = [one.id for i, one in enumerate(known.media) if i not in captions]
    if silent:
        raise UsageError(
            f"{name} has no caption for {len(silent)} of {len(known.media)} items, {silent[0]} first.",
            "Write a row for each.",
            code="caption_missing",
            items=silent,
        )
    return [captions[i] for i in range(len(references))], references


def _numbers(known: RetrievalSet) -> dict[str, int]:
    """The place of each item by its id and by the file names that no other item has."""
    files = Counter(file for item in known.media for file in set(item.files))
    places = {f: i for i, item in enumerate(known.media) for f in item.files if files[f] == 1}
    return places | {item.id: i for i, item in enumerate(known.media)}
