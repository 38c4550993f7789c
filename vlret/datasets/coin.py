"""COIN: 180 tasks and their steps in instructional videos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import classification, number_parts, video_files
from vlret.datasets.base import ClassificationSet, Media, SetCard
from vlret.datasets.files import (
    DatasetError,
    find,
    known,
    parse_rows,
    read_json,
    read_table,
    span_of,
    text_of,
)
from vlret.datasets.published import published
from vlret.datasets.words import camel_words

_TAXONOMY = "taxonomy.target_action_mapping.csv"


def card(target: str = "step", steps: str = "id", extent: str = "whole") -> SetCard:
    """Card of the test videos: the step of a segment (778 `steps` if distinguished by id, 749 by label), or the task.

    For the task, `extent` is the whole video or the part that the owner marks.
    """
    choices = {"target": target, **({"steps": steps} if target == "step" else {"extent": extent})}
    return SetCard(
        name="coin", title=f"COIN, {target}s", task="classification", split="test",
        licence="CC BY-NC 4.0, research only",
        source="https://coin-dataset.github.io: COIN.json, and the sheet target_action_mapping of taxonomy.xlsx as "
        f"{_TAXONOMY} (without it the classes are those in COIN.json); videos: YouTube",
        annotations=("COIN.json",), metric="top-1", prompts=("{}",), choices=choices,
        published=published(f"coin_{target}"),
        overlaps={"COIN": "", "HowTo100M": "inferred: instructional videos of YouTube like these, not compared"},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Step:
    id: str
    label: str
    span: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Video:
    id: str
    task: str
    is_test: bool
    marked: tuple[float, float]
    steps: list[_Step]


@dataclass(frozen=True, slots=True)
class _Taxonomy:
    tasks: list[str]
    labels: dict[str, str]
    """Label of each step by its id."""


def read(folder: Path, card: SetCard) -> ClassificationSet:
    """Videos whose `subset` is testing, or their annotated parts."""
    file = find(folder, "COIN.json")[0]
    videos = parse_rows(file, read_json(file, dict, "database").items(), _video)
    taxonomy = _taxonomy(folder, videos)
    test = [video for video in videos if video.is_test]
    if card.choices["target"] == "task":
        return _tasks(file, card, test, taxonomy.tasks)
    return _steps(file, card, test, taxonomy.labels)


def _video(item: tuple[str, dict[str, Any]]) -> _Video:
    id, row = item
    steps = [
        _Step(str(part["id"]), _label(part["label"]), span_of(*part["segment"])) for part in row["annotation"]
    ]
    return _Video(
        id, text_of(row["class"]), row["subset"] == "testing", span_of(row["start"], row["end"]), steps
    )


def _label(value: str) -> str:
    """A text as the owner writes it: one of the 749 step labels differs from another in a doubled blank only."""
    text_of(value)
    return value.strip()


def _taxonomy(folder: Path, videos: list[_Video]) -> _Taxonomy:
    """All tasks and steps, from the owner's table where it is there, else as far as the videos show them."""
    try:
        file = find(folder, _TAXONOMY)[0]
    except DatasetError:
        labels = {step.id: step.label for video in videos for step in video.steps}
        return _Taxonomy(sorted({video.task for video in videos}), labels)
    task, id, label = columns = ("Target Label", "Action Id", "Action Label")
    rows = parse_rows(
        file, read_table(file, columns), lambda row: (text_of(row[task]), row[id], _label(row[label]))
    )
    return _Taxonomy(sorted({task for task, _, _ in rows}), {id: label for _, id, label in rows})


def _tasks(file: Path, card: SetCard, videos: list[_Video], tasks: list[str]) -> ClassificationSet:
    numbers = {task: number for number, task in enumerate(tasks)}
    marked = card.choices["extent"] == "marked"

    def labelled(video: _Video) -> tuple[Media, int]:
        item = Media(video.id, video_files(video.id), *(video.marked if marked else ()))
        return item, known(video.task, numbers, f"the class of {video.id}")

    return classification(card, parse_rows(file, videos, labelled), [camel_words(task) for task in tasks])


def _steps(file: Path, card: SetCard, videos: list[_Video], labels: dict[str, str]) -> ClassificationSet:
    by_id = card.choices["steps"] == "id"
    ids = sorted(labels, key=lambda id: (len(id), id))  # as numbers
    keys = ids if by_id else sorted(set(labels.values()))
    numbers = {id: keys.index(id if by_id else labels[id]) for id in ids}

    def labelled(part: tuple[_Video, _Step]) -> tuple[Media, int]:
        video, step = part
        return Media(video.id, video_files(video.id), *step.span), known(
            step.id, numbers, f"the step of {video.id}"
        )

    parts = parse_rows(file, [(video, step) for video in videos for step in video.steps], labelled)
    return classification(card, number_parts(parts), [labels[key] for key in keys] if by_id else keys)


ADAPTER = Adapter(
    card, read, {"target": ("step", "task"), "steps": ("id", "label"), "extent": ("whole", "marked")}
)
