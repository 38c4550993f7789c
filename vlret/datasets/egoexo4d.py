"""Ego-Exo4D: the step of a procedure that a person seen from their own eyes is at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import classification, in_folders
from vlret.datasets.base import ClassificationSet, Media, SetCard
from vlret.datasets.files import find, known, parse_rows, read_json, read_table, text_of
from vlret.datasets.published import published


def card(candidates: str = "all") -> SetCard:
    """Card of the validation clips; candidates are all 278 steps of the mapping or those that occur."""
    return SetCard(
        name="egoexo4d", title="Ego-Exo4D, keysteps", task="classification", split="validation",
        licence="Ego-Exo4D licence agreement (signed access)",
        source="https://ego-exo4d-data.org: egoexo --parts annotations --benchmarks keystep, and "
        "--parts keystep_benchmark/clips_448p for the clips",
        annotations=("keystep_segment_val.json", "label_mapping.csv"), metric="top-1", prompts=("{}",),
        choices={"candidates": candidates, "view": "ego"}, published=published("egoexo4d"),
        overlaps={"Ego-Exo4D": ""},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> ClassificationSet:
    """Trimmed clips of the wearer's view; `label_id` counts the benchmark's steps, unlike the other two ids."""
    clips, mapping = (find(folder, entry)[0] for entry in card.annotations)
    rows = read_table(mapping, ("label_id", "step_unique_id", "step_name"))
    names = dict(parse_rows(mapping, rows, lambda row: (int(row["label_id"]), text_of(row["step_name"]))))
    parsed = parse_rows(clips, read_json(clips, list, "segments"), lambda row: _clip(row, names))
    used = {label for _, label in parsed}
    labels = [label for label in sorted(names) if label in used or card.choices["candidates"] == "all"]
    numbers = {label: number for number, label in enumerate(labels)}
    return classification(
        card, [(m, numbers[label]) for m, label in parsed], [names[label] for label in labels]
    )


def _clip(row: dict[str, Any], names: dict[int, str]) -> tuple[Media, int]:
    name = text_of(row["ego_segment_name"])
    known(row["label_id"], names, "label_id")
    files, take = in_folders(name, "keystep_benchmark/clips_448p", "clips_448p"), name.rpartition("/")[0]
    return Media(name, files, group=take), row["label_id"]


ADAPTER = Adapter(card, read, {"candidates": ("all", "present")})
