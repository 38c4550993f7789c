"""Captions that models wrote, scored against those of a set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from vlret.datasets.base import RetrievalSet
from vlret.errors import UsageError
from vlret.evaluation.metrics.cider import Floats, cider
from vlret.evaluation.metrics.statistics import bootstrap_interval, paired_test

Row = dict[str, Any]
METRIC = "CIDEr-D x 100: n-grams of 1 to 4 words, sigma 6, their weights from the references of the set"


def score_captions(written: Mapping[str, RetrievalSet], known: RetrievalSet) -> list[Row]:
    """CIDEr of sets of one caption for each of the media of `known`, by their names.

    Returns:
        For each {name, items, references, CIDEr: {value, low, high}, per_item: [CIDEr of each medium of
        `known`]}; low and high are the 95% bootstrap interval. From the second on also minus_first:
        {value, low, high, p}, a paired test.

    Raises:
        UsageError: a medium of `known` has no caption, or two, or a caption is of another medium, or there
            is one medium only.
    """
    if len(known.media) < 2:
        raise UsageError(
            f"{known.card.title} has one medium.", "CIDEr weighs words by how few media have them: give more."
        )
    scored = {name: cider(*paired_captions(name, one, known)) for name, one in written.items()}
    first = next(iter(scored.values()))
    return [_row(name, scores, known, None if scores is first else first) for name, scores in scored.items()]


def _row(name: str, scores: Floats, known: RetrievalSet, first: Floats | None) -> Row:
    low, high = bootstrap_interval(scores)
    row: Row = {"name": name, "items": len(known.media), "references": len(known.texts)}
    row["CIDEr"] = {"value": float(scores.mean()), "low": low, "high": high}
    if first is not None:
        paired = paired_test(scores, first)
        row["minus_first"] = {
            "value": paired.difference, "low": paired.low, "high": paired.high, "p": paired.p_value,
        }  # fmt: skip
    return row | {"per_item": scores.tolist()}


def paired_captions(
    name: str, written: RetrievalSet, known: RetrievalSet
) -> tuple[list[str], list[list[str]]]:
    """The written caption and the references of each of the media of `known`, in their order.

    Media are told by their id, or by a file name that is that of one medium alone. `name` is what messages call
    `written`.

    Raises:
        UsageError: a medium of `known` has no caption, or two, or a caption is of another medium.
    """
    references: list[list[str]] = [[] for _ in known.media]
    for text, owner in zip(known.texts, known.owner, strict=True):
        references[owner].append(text)
    number = _numbers(known)
    captions: dict[int, str] = {}
    for text, owner in zip(written.texts, written.owner, strict=True):
        medium = written.media[owner].id
        if medium not in number:
            raise UsageError(
                f"{medium} of {name} is not in {known.card.title}.",
                f"Allowed: one row for each of its {len(known.media)} media, such as {known.media[0].id}.",
            )
        if number[medium] in captions:
            raise UsageError(f"{name} has two captions of {medium}.", "Leave one row for it.")
        captions[number[medium]] = text
    silent = [one.id for i, one in enumerate(known.media) if i not in captions]
    if silent:
        raise UsageError(
            f"{name} has no caption for {len(silent)} of {len(known.media)} media, {silent[0]} first.",
            "Write a row for each.",
        )
    return [captions[i] for i in range(len(references))], references


def _numbers(known: RetrievalSet) -> dict[str, int]:
    """The place of each medium by its id and by the file names that no other medium has."""
    files = Counter(file for medium in known.media for file in set(medium.files))
    places = {f: i for i, medium in enumerate(known.media) for f in medium.files if files[f] == 1}
    return places | {medium.id: i for i, medium in enumerate(known.media)}
