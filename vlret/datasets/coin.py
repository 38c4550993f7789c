"""COIN: 180 tasks and their steps in instructional videos."""

from __future__ import annotations

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
    """Card of the test videos: the step of a part (`steps` told apart by id, 778, or by label, 749), or the task.

    For the task, `extent` is the whole video or the part that the owner marks.
    """
    choices = {"target": target, **({"steps": steps} if target == "step" else {"extent": extent})}
    return SetCard(
        name="coin", title=f"COIN, {target}s", task="classification", split="test",
        licence="CC BY-NC 4.0, research only",
        source="https://coin-dataset.github.io: COIN.json, and the sheet target_action_mapping of taxonomy.xlsx as "
        f"{_TAXONOMY} (without it the classes are those in COIN.json); videos: YouTube",
        annotations=("COIN.json",), metric="top-1", prompts=("{}",), choices=choices,
        published=published(f"coin_{target}"), overlaps=("COIN", "HowTo100M"),
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> ClassificationSet:
    """Videos whose `subset` is testing, or their annotated parts."""
    file = find(folder, "COIN.json")[0]
    entries = parse_rows(file, read_json(file, dict, "database").items(), _entry)
    taxonomy = _taxonomy(folder) or [
        (task, id, label) for _, task, _, _, parts in entries for id, label, _ in parts
    ]
    test = [entry for entry in entries if entry[2]]
    if card.choices["target"] == "task":
        return _tasks(
            file, card, test, sorted({task for task, _, _ in taxonomy} | {entry[1] for entry in entries})
        )
    named = {id: (label if card.choices["steps"] == "label" else id) for _, id, label in taxonomy}
    labels = {named[id]: label for _, id, label in taxonomy}
    keys = sorted(labels, key=lambda key: (len(key), key) if card.choices["steps"] == "id" else (0, key))
    numbers = {key: number for number, key in enumerate(keys)}
    parts = [
        (Media(video, video_files(video), *span), id) for video, *_, rows in test for id, _, span in rows
    ]
    known_id = parse_rows(
        file, parts, lambda part: (part[0], numbers[known(part[1], named, f"the step of {part[0].id}")])
    )
    return classification(card, number_parts(known_id), [labels[key] for key in keys])


Entry = tuple[str, str, bool, tuple[float, float], list[tuple[str, str, tuple[float, float]]]]
"""Video, task, whether it is of the test, the part that shows the task, and (id, label, span) of each step."""


def _entry(item: tuple[str, dict[str, Any]]) -> Entry:
    video, row = item
    steps = [(str(a["id"]), _label(a["label"]), span_of(*a["segment"])) for a in row["annotation"]]
    return video, text_of(row["class"]), row["subset"] == "testing", span_of(row["start"], row["end"]), steps


def _label(value: str) -> str:
    """A text as the owner writes it: one of the 749 step labels differs from another in a doubled blank only."""
    text_of(value)
    return value.strip()


def _taxonomy(folder: Path) -> list[tuple[str, str, str]]:
    """(task, step id, step label) of all steps, where the table is there."""
    try:
        file = find(folder, _TAXONOMY)[0]
    except DatasetError:
        return []
    task, id, label = columns = ("Target Label", "Action Id", "Action Label")
    return parse_rows(
        file, read_table(file, columns), lambda row: (_label(row[task]), row[id], _label(row[label]))
    )


def _tasks(file: Path, card: SetCard, test: list[Entry], names: list[str]) -> ClassificationSet:
    numbers = {name: number for number, name in enumerate(names)}
    marked = card.choices["extent"] == "marked"
    rows = [
        (Media(video, video_files(video), *(span if marked else ())), numbers[task])
        for video, task, _, span, _ in test
    ]
    return classification(card, rows, [camel_words(name) for name in names])


ADAPTER = Adapter(
    card, read, {"target": ("step", "task"), "steps": ("id", "label"), "extent": ("whole", "marked")}
)
