"""Something-Something v2: what hands do with things, in 174 sentences."""

from __future__ import annotations

import re
from pathlib import Path

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import classification, in_folders
from vlret.datasets.base import ClassificationSet, Media, SetCard
from vlret.datasets.files import find, known, parse_rows, read_json, text_of
from vlret.datasets.published import published


def card(something: str = "kept") -> SetCard:
    """Card of the validation clips; the word "something" stays in the class texts or is dropped."""
    return SetCard(
        name="ssv2", title="Something-Something v2", task="classification", split="validation",
        licence="Something-Something licence (Qualcomm): research, no redistribution",
        source="https://www.qualcomm.com/developer/software/something-something-v-2-dataset (labels and videos)",
        annotations=(
            "labels.json | something-something-v2-labels.json",
            "validation.json | something-something-v2-validation.json",
        ),
        metric="top-1", prompts=("{}",), choices={"something": something}, published=published("ssv2"),
        overlaps={"Something-Something v2": ""},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> ClassificationSet:
    """The class of a clip is its `template` without brackets; `label` has the things filled in."""
    labels, clips = (find(folder, entry)[0] for entry in card.annotations)
    classes = [name for _, name in sorted(parse_rows(labels, read_json(labels, dict).items(), _class))]
    numbers = {name: number for number, name in enumerate(classes)}

    def clip(row: dict[str, str]) -> tuple[Media, int]:
        template = re.sub(r"[\[\]]", "", row["template"])
        id = text_of(row["id"])
        return Media(id, in_folders(f"{id}.webm", "videos")), known(template, numbers, "the template")

    rows = parse_rows(clips, read_json(clips, list), clip)
    return classification(card, rows, classes if card.choices["something"] == "kept" else _dropped(classes))


def _class(item: tuple[str, str]) -> tuple[int, str]:
    return int(item[1]), item[0]


def _dropped(classes: list[str]) -> list[str]:
    """Class texts without the word "something"."""
    return [" ".join(re.sub(r"\bsomething\b", " ", name, flags=re.IGNORECASE).split()) for name in classes]


ADAPTER = Adapter(card, read, {"something": ("kept", "dropped")})
