"""TallyQA: how many there are, in simple and complex questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import in_folders, vqa
from vlret.datasets.base import Media, SetCard, SetQuestion, VqaSet
from vlret.datasets.files import find, known, parse_rows, read_json, text_of
from vlret.datasets.published import published

_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen",
)  # fmt: skip


def card(numbers: str = "digits") -> SetCard:
    """Card of the test questions; the candidates 0 to 15 are digits or words."""
    return SetCard(
        name="tallyqa", title="TallyQA", task="vqa", split="test", licence="none stated",
        source="https://github.com/manoja328/tallyqa (tallyqa.zip); photographs: Visual Genome and COCO",
        annotations=("test.json",), metric="accuracy", frames=1,
        choices={"candidates": f"0 to 15 in {numbers}", "numbers": numbers}, published=published("tallyqa"),
        overlaps={
            "TallyQA": "", "TDIUC": "some of these questions are from it",
            "VQA v2": "inferred: some of these questions are from VQA, of which version is not said",
            "Visual Genome": "some of these photographs are from it", "COCO": "some of these photographs are from it",
        },
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> VqaSet:
    """All questions, in the groups simple and complex; the mean over all is the one weighted by size."""
    file = find(folder, card.annotations[0])[0]
    candidates = _WORDS if card.choices["numbers"] == "words" else tuple(map(str, range(16)))
    known_answers = dict(enumerate(candidates))
    return vqa(
        card, parse_rows(file, read_json(file, list), lambda row: _question(row, known_answers)), candidates
    )


def _question(row: dict[str, Any], known_answers: dict[int, str]) -> tuple[Media, SetQuestion]:
    image, group = (
        text_of(row["image"]),
        known(row["issimple"], {True: "simple", False: "complex"}, "issimple"),
    )
    question = SetQuestion(
        0, text_of(row["question"]), known(row["answer"], known_answers, "the answer"), group=group
    )
    return Media(image, in_folders(image, "images")), question


ADAPTER = Adapter(card, read, {"numbers": ("digits", "words")})
