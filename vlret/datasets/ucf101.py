"""UCF101: 101 actions in videos from YouTube."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import classification, in_folders
from vlret.datasets.base import ClassificationSet, Media, SetCard
from vlret.datasets.files import find, known, parse_rows, read_lines
from vlret.datasets.words import TEMPLATES, camel_words, read_templates


def card(split: str = "1", prompts: str = "name") -> SetCard:
    """Card of one of the three test splits, or of all 13,320 videos."""
    lists = ("trainlist01.txt", "testlist01.txt") if split == "all" else (f"testlist0{split}.txt",)
    return SetCard(
        name="ucf101", title="UCF101", task="classification", split="all videos" if split == "all" else f"test {split}",
        licence="none stated", source="https://www.crcv.ucf.edu/data/UCF101.php (lists and videos)",
        annotations=("classInd.txt", *lists, *((TEMPLATES,) if prompts == "templates" else ())),
        metric="top-1", prompts=("{}",), choices={"split": split, "prompts": prompts},
        overlaps={"UCF101": ""},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> ClassificationSet:
    """The class of a video is its folder; the file's name may write it otherwise."""
    names, *lists = card.annotations
    file = find(folder, names)[0]
    classes = parse_rows(file, read_lines(file), lambda line: (int(line.split()[0]), line.split()[1]))
    ordered = [name for _, name in sorted(classes)]
    numbers = {name: number for number, name in enumerate(ordered)}
    if card.choices["prompts"] == "templates":
        card = replace(card, prompts=read_templates(find(folder, lists.pop())[0], "ucf101_val"))
    files = [find(folder, entry)[0] for entry in lists]
    rows = [
        row
        for file in files
        for row in parse_rows(file, read_lines(file), lambda line: _video(line, numbers))
    ]
    return classification(card, rows, [camel_words(name) for name in ordered])


def _video(line: str, numbers: dict[str, int]) -> tuple[Media, int]:
    path = line.split(maxsplit=1)[0]
    folder, _, name = path.partition("/")
    group = path.rpartition("_")[0]  # v_ApplyEyeMakeup_g01_c02 is a clip of group 1
    return Media(path, in_folders([path, name], "UCF-101"), group=group), known(folder, numbers, "the class")


ADAPTER = Adapter(card, read, {"split": ("1", "2", "3", "all"), "prompts": ("name", "templates")})
