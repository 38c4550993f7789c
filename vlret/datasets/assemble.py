"""Builds datasets from the rows of annotation files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from vlret.datasets.base import ClassificationSet, Media, RetrievalSet, SetCard, SetQuestion, VqaSet
from vlret.datasets.files import DatasetError

T = TypeVar("T")
VIDEO_ENDINGS = (".mp4", ".mkv", ".webm", ".avi")


def in_folders(names: str | Sequence[str], *folders: str) -> tuple[str, ...]:
    """Where a file may lie below the user's folder: each name in the folder itself, then in each of `folders`."""
    names = (names,) if isinstance(names, str) else names
    return tuple(f"{folder}/{name}" if folder else name for folder in ("", *folders) for name in names)


def video_files(stem: str, *folders: str) -> tuple[str, ...]:
    """`in_folders` for a video that may have any of the usual endings, `videos/` included."""
    return in_folders([stem + ending for ending in VIDEO_ENDINGS], "videos", *folders)


def coco_files(name: str, year: str) -> tuple[str, ...]:
    """Where a photograph of COCO's `year` (`val2014`) may lie, with and without its older prefix."""
    bare = name.removeprefix(f"COCO_{year}_")
    names = (name, bare) if bare != name else (name,)
    return in_folders(names, year, f"images/{year}")


def with_captions(
    card: SetCard, listed: Sequence[str], captions: Mapping[str, list[str]]
) -> tuple[SetCard, list[str]]:
    """Names of a split list that have captions; the card says how many have none, so that no pool shrinks unnoticed."""
    names = list(dict.fromkeys(listed))
    kept = [name for name in names if name in captions]
    if len(kept) == len(names):
        return card, kept
    gap = f"{len(names) - len(kept)} of {len(names)} listed"
    return replace(card, choices={**card.choices, "without captions": gap}), kept


def number_parts(parts: Sequence[tuple[Media, T]]) -> list[tuple[Media, T]]:
    """Parts of videos, given with the video's name as id, become `video/1`, `video/2`, ... in the order given."""
    seen: Counter[str] = Counter()
    numbered = []
    for item, said in parts:
        seen[item.id] += 1
        numbered.append((replace(item, id=f"{item.id}/{seen[item.id]}"), said))
    return numbered


def retrieval(card: SetCard, pairs: Sequence[tuple[Media, str]]) -> RetrievalSet:
    """Texts in the order given; media in the order of their first text, one for each id."""
    media, owner = unique([item for item, _ in pairs])
    return RetrievalSet(not_empty(card, media), media, [text for _, text in pairs], owner)


def classification(
    card: SetCard, labelled: Sequence[tuple[Media, int]], classes: Sequence[str]
) -> ClassificationSet:
    """Media in the order given; an item that comes with several classes has them all."""
    media, numbers = unique([item for item, _ in labelled])
    labels: list[dict[int, None]] = [{} for _ in media]
    for number, (_, label) in zip(numbers, labelled, strict=True):
        labels[number][label] = None
    return ClassificationSet(not_empty(card, media), media, list(classes), [tuple(row) for row in labels])


def vqa(
    card: SetCard, questions_of: Sequence[tuple[Media, SetQuestion]], candidates: Sequence[str] = ()
) -> VqaSet:
    """Questions in the order given; their `medium` is filled in here."""
    media, numbers = unique([item for item, _ in questions_of])
    questions = [
        replace(question, medium=number) for number, (_, question) in zip(numbers, questions_of, strict=True)
    ]
    return VqaSet(not_empty(card, media), media, questions, tuple(candidates))


def one_of_two(true: str, false: str, group: str) -> SetQuestion:
    """Which of two captions describes the item; in the order of the alphabet, so that a tie betrays nothing."""
    return SetQuestion(0, "", true, tuple(sorted((true, false))), group)


def unique(media: Sequence[Media]) -> tuple[list[Media], list[int]]:
    """Media with different ids in the order of their first mention, and the number of each one given."""
    seen: dict[str, tuple[int, Media]] = {}
    numbers = [seen.setdefault(item.id, (len(seen), item))[0] for item in media]
    return [item for _, item in seen.values()], numbers


def not_empty(card: SetCard, items: Sequence[object]) -> SetCard:
    """The card, or an error where nothing was found in the files."""
    if not items:
        raise DatasetError(
            f"No item of {card.name} ({card.split}) is in its annotation files.",
            "Download them again.",
            code="annotations_empty",
            dataset=card.name,
        )
    return card
