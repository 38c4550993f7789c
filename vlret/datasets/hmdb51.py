"""HMDB51: 51 human motions in films and web videos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import classification, in_folders
from vlret.datasets.base import ClassificationSet, Media, SetCard
from vlret.datasets.files import find, parse_rows, read_lines, read_table
from vlret.datasets.words import TEMPLATES, read_templates

TEST = "2"
"""In the owner's lists 1 is training, 2 is test and 0 is unused."""


def card(split: str = "1", prompts: str = "name") -> SetCard:
    """Card of one of the three test splits of 1,530 clips."""
    lists = f"testTrainMulti_7030_splits/*_test_split{split}.txt"
    return SetCard(
        name="hmdb51", title="HMDB51", task="classification", split=f"test {split}", licence="CC BY 4.0",
        source="https://serre-lab.clps.brown.edu/resource/hmdb-a-large-human-motion-database/ (lists and videos)",
        annotations=(f"{lists} | hmdb51.csv", *((TEMPLATES,) if prompts == "templates" else ())),
        n_files={lists: 51}, metric="top-1", prompts=("{}",), choices={"split": split, "prompts": prompts},
        overlaps={"HMDB51": ""},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> ClassificationSet:
    """Test clips of the owner's list of each class, or of MIL-NCE's table of all."""
    files = find(folder, card.annotations[0], card.n_files)
    listed = [row for file in files for row in (_table(file, card) if file.suffix == ".csv" else _list(file))]
    if card.choices["prompts"] == "templates":
        card = replace(card, prompts=read_templates(find(folder, TEMPLATES)[0], "hmdb_test"))
    classes = sorted({label for label, _, _ in listed})
    rows = [(_clip(label, clip), classes.index(label)) for label, clip, use in listed if use == TEST]
    return classification(card, rows, [label.replace("_", " ") for label in classes])


def _list(file: Path) -> list[tuple[str, str, str]]:
    """(class, clip, use) of a list like `brush_hair_test_split1.txt`."""
    label = file.name.rsplit("_test_split", 1)[0]
    rows = parse_rows(file, read_lines(file), lambda line: line.rsplit(maxsplit=1))
    return parse_rows(file, rows, lambda row: (label, row[0], row[1]))


def _table(file: Path, card: SetCard) -> list[tuple[str, str, str]]:
    column = f"split{card.choices['split']}"
    rows = read_table(file, ("video_id", "label", column))
    return parse_rows(
        file, rows, lambda row: (row["label"].removesuffix("_test"), row["video_id"], row[column])
    )


def _clip(label: str, clip: str) -> Media:
    film = clip.partition(f"_{label}_")[0]
    return Media(f"{label}/{clip}", in_folders([f"{label}/{clip}", clip], "videos"), group=film)


ADAPTER = Adapter(card, read, {"split": ("1", "2", "3"), "prompts": ("name", "templates")})
