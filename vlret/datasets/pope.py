"""POPE and RePOPE: is there such a thing in the photograph, yes or no."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import coco_files, in_folders, vqa
from vlret.datasets.base import Media, SetCard, SetQuestion, VqaSet
from vlret.datasets.files import find, known, parse_rows, read_records, text_of
from vlret.datasets.published import published

PHOTOGRAPHS = "these photographs are from it"
"""What a set of questions shares with another, as its card says."""
YES_NO = ("yes", "no")
_SETTINGS = ("random", "popular", "adversarial")
_FILES = {"coco": "coco_pope_{}.json", "gqa": "gqa_pope_seem_{}.json", "aokvqa": "aokvqa_pope_seem_{}.json"}


def card(source: str = "coco", setting: str = "all") -> SetCard:
    """Card of the three settings, or of one, on COCO, GQA or A-OKVQA."""
    return SetCard(
        name="pope", title="POPE", task="vqa", split=f"{source}, {setting}", licence="MIT; photographs: COCO, GQA",
        source="https://github.com/RUCAIBox/POPE (output/); photographs: COCO val2014 or GQA",
        annotations=_annotations(_FILES[source], setting), metric="accuracy", frames=1,
        choices={"source": source, "setting": setting, "candidates": "yes, no"},
        published=published("pope") if (source, setting) == ("coco", "all") else (),
        overlaps=dict.fromkeys(("GQA", "Visual Genome") if source == "gqa" else ("COCO",), PHOTOGRAPHS),
    )  # fmt: skip


def repope_card(setting: str = "all") -> SetCard:
    """Card of POPE on COCO with its labels corrected: no longer balanced."""
    return SetCard(
        name="repope", title="RePOPE", task="vqa", split=f"coco, {setting}", licence="none stated; photographs: COCO",
        source="https://github.com/YanNeu/RePOPE (annotations/); photographs: COCO val2014",
        annotations=_annotations("coco_repope_{}.json", setting), metric="accuracy", frames=1,
        choices={"setting": setting, "candidates": "yes, no"},
        overlaps={"COCO": PHOTOGRAPHS},
    )  # fmt: skip


def _annotations(name: str, setting: str) -> tuple[str, ...]:
    return tuple(name.format(one) for one in _SETTINGS if setting in (one, "all"))


def read(folder: Path, card: SetCard) -> VqaSet:
    """The questions of each setting, one group each; the files are JSON Lines or a JSON list."""
    questions = []
    for entry in card.annotations:
        file, setting = find(folder, entry)[0], entry.removesuffix(".json").rsplit("_", 1)[-1]
        questions += [
            (m, SetQuestion(0, q, a, group=setting)) for m, q, a in parse_rows(file, read_records(file), _row)
        ]
    return vqa(card, questions, YES_NO)


def _row(row: dict[str, Any]) -> tuple[Media, str, str]:
    image = text_of(row["image"])
    files = coco_files(image, "val2014") if image.startswith("COCO_") else in_folders(image, "images")
    return Media(image, files), text_of(row["text"]), known(row["label"], {a: a for a in YES_NO}, "the label")


ADAPTER = Adapter(card, read, {"source": tuple(_FILES), "setting": ("all", *_SETTINGS)})
REPOPE = Adapter(repope_card, read, {"setting": ("all", *_SETTINGS)})
