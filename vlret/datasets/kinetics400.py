"""Kinetics-400: human actions in ten seconds from YouTube."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import classification, video_files
from vlret.datasets.base import ClassificationSet, Media, SetCard
from vlret.datasets.files import find, known, parse_rows, read_lines, read_table, text_of
from vlret.datasets.published import published
from vlret.datasets.words import TEMPLATES, read_templates


def card(prompts: str = "name") -> SetCard:
    """Card of the validation clips; the class name alone or the 28 templates of Perception Encoder."""
    return SetCard(
        name="kinetics400", title="Kinetics-400", task="classification", split="validation",
        licence="annotations: CC BY 4.0; videos: YouTube",
        source="lists: activitynet/ActivityNet (Crawler/Kinetics); videos: cvdfoundation/kinetics-dataset",
        annotations=(
            "kinetics-400_val.csv | val.csv | kinetics400_val_list.txt",
            "kinetics_400_labels.csv | label_map_k400.txt",
            *((TEMPLATES,) if prompts == "templates" else ()),
        ),
        metric="top-1", prompts=("{}",), choices={"prompts": prompts}, published=published("kinetics400"),
        overlaps={"Kinetics-400": "", "Kinetics-700": "some of its training videos are in this split"},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> ClassificationSet:
    """Cut clips named ID_START_END, from a table of the owner or a list of files with class numbers."""
    clips, names = (find(folder, entry)[0] for entry in card.annotations[:2])
    classes = _classes(names)
    numbers = {name: number for number, name in enumerate(classes)}
    if card.choices["prompts"] == "templates":
        card = replace(card, prompts=read_templates(find(folder, TEMPLATES)[0], "k400_val"))
    if clips.suffix == ".txt":
        return classification(
            card, parse_rows(clips, read_lines(clips), lambda line: _listed(line, classes)), classes
        )
    rows = read_table(clips, ("label", "youtube_id", "time_start", "time_end"))
    return classification(card, parse_rows(clips, rows, lambda row: _row(row, numbers)), classes)


def _classes(file: Path) -> list[str]:
    if file.suffix == ".txt":
        return read_lines(file)
    rows = parse_rows(
        file, read_table(file, ("id", "name")), lambda row: (int(row["id"]), text_of(row["name"]))
    )
    return [name for _, name in sorted(rows)]


def _row(row: dict[str, str], numbers: dict[str, int]) -> tuple[Media, int]:
    label = text_of(row["label"])
    stem = f"{text_of(row['youtube_id'])}_{int(row['time_start']):06d}_{int(row['time_end']):06d}"
    return _clip(stem, label), known(label, numbers, "the label")


def _listed(line: str, classes: list[str]) -> tuple[Media, int]:
    path, number = line.rsplit(maxsplit=1)
    label = known(int(number), dict(enumerate(classes)), "class number")
    return _clip(path.rsplit("/", 1)[-1].rsplit(".", 1)[0], label), int(number)


def _clip(stem: str, label: str) -> Media:
    folders = ("val", label, label.replace(" ", "_"))
    return Media(stem, video_files(stem, *folders, *(f"val/{name}" for name in folders[1:])))


ADAPTER = Adapter(card, read, {"prompts": ("name", "templates")})
