"""ImageNet: 50,000 validation photographs of 1,000 classes, with CLIP's names and templates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import classification, in_folders
from vlret.datasets.base import ClassificationSet, Media, SetCard
from vlret.datasets.files import (
    DatasetError,
    find,
    known,
    parse_rows,
    read_json,
    read_lines,
    read_table,
    text_of,
)
from vlret.datasets.words import read_templates

_NAMES, _SYNSETS, _TEMPLATES = (
    "openai_imagenet_classes.json", "imagenet_synsets.txt", "openai_imagenet_templates.json",
)  # fmt: skip
_PHOTOGRAPHS = "val/*/*.JPEG"


def card(prompts: str = "80") -> SetCard:
    """Card of the validation photographs with CLIP's 80 templates, or with one."""
    return SetCard(
        name="imagenet", title="ImageNet-1k", task="classification", split="validation",
        licence="photographs: ImageNet's terms, research; names and templates: MIT (CLIP)",
        source="names and templates: openai/CLIP; synsets: timm; photographs: https://image-net.org, their classes in "
        "LOC_val_solution.csv or as val/SYNSET/*.JPEG",
        annotations=(
            _NAMES, _SYNSETS, f"LOC_val_solution.csv | {_PHOTOGRAPHS}", *((_TEMPLATES,) if prompts == "80" else ()),
        ),
        metric="top-1", frames=1, prompts=("a photo of a {}.",), choices={"prompts": prompts},
        overlaps={"ImageNet-1k": "", "ImageNet-21k": "it holds these classes"}, n_files={_PHOTOGRAPHS: 50_000},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> ClassificationSet:
    """Classes in the order of their synsets; two names stand for two classes each."""
    names, synsets = _classes(folder)
    files = find(folder, card.annotations[2], card.n_files)
    if card.choices["prompts"] == "80":
        card = replace(card, prompts=read_templates(find(folder, _TEMPLATES)[0]))
    if files[0].suffix != ".csv":
        listed = [(file.stem, file.parent.name) for file in files]
        return classification(
            card, parse_rows(folder / "val", listed, lambda row: _photograph(row[0], row[1], synsets)), names
        )
    rows = parse_rows(files[0], read_table(files[0], ("ImageId", "PredictionString")), _solution)
    return classification(
        card, parse_rows(files[0], rows, lambda row: _photograph(row[0], row[1], synsets)), names
    )


def count(folder: Path) -> dict[str, int]:
    """The classes, where the list of photographs is missing."""
    return {"classes": len(_classes(folder)[0])}


def _classes(folder: Path) -> tuple[list[str], dict[str, int]]:
    file = find(folder, _NAMES)[0]
    names = parse_rows(file, read_json(file, list), text_of)
    synsets = {synset: number for number, synset in enumerate(read_lines(find(folder, _SYNSETS)[0]))}
    if len(names) != len(synsets):
        raise DatasetError(
            f"{file} has {len(names)} names and {folder / _SYNSETS} {len(synsets)} synsets.",
            "Give files of the same classes.",
            code="annotations_damaged",
            path=file,
        )
    return names, synsets


def _solution(row: dict[str, str]) -> tuple[str, str]:
    return text_of(row["ImageId"]), row["PredictionString"].split()[0]


def _photograph(name: str, synset: str, synsets: dict[str, int]) -> tuple[Media, int]:
    names = [f"{name}.JPEG", f"{synset}/{name}.JPEG"]
    return Media(name, in_folders(names, "val", "ILSVRC/Data/CLS-LOC/val")), known(
        synset, synsets, "the synset"
    )


ADAPTER = Adapter(card, read, {"prompts": ("80", "one")}, count=count)
