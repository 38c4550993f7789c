"""POPEv2: one question about a photograph and about the same with the object in question masked out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import vqa
from vlret.datasets.base import Media, SetCard, SetQuestion, VqaSet
from vlret.datasets.files import AGAIN, DatasetError, find, known, parse_rows, text_of
from vlret.datasets.pope import PHOTOGRAPHS, YES_NO
from vlret.datasets.published import published
from vlret.files import replace_file

_SIDES = ("normal", "counterfactual")
_FILES = "test.parquet | test-*.parquet | data/test-*.parquet"


def card() -> SetCard:
    """Card of all pairs; both questions of a pair have its id as group."""
    return SetCard(
        name="popev2", title="POPEv2", task="vqa", split="test", licence="MIT; photographs: COCO",
        source="Monosail/POPEv2 on the Hugging Face hub; vlret.datasets.popev2.unpack writes the images in it to files",
        annotations=(_FILES,), metric="accuracy, paired accuracy", frames=1,
        choices={"candidates": "yes, no", "group": "pair"}, published=published("popev2"),
        overlaps={"COCO": PHOTOGRAPHS},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> VqaSet:
    """Two questions for each row, about the normal image and about the counterfactual one."""
    columns = ["question", "normal_label", "counterfactual_label", "example_id"]
    pairs = [pair for file in find(folder, _FILES) for pair in _parse(file, columns, _questions)]
    return vqa(card, [question for pair in pairs for question in pair], YES_NO)


def unpack(annotations: Path, data: Path) -> int:
    """Write the images inside the Parquet files below `annotations` to `data`, where the set looks for them.

    Returns:
        The number of images written; those that are there already are left alone.
    """
    columns = ["example_id", *(f"{side}_image" for side in _SIDES)]
    images = [
        rows for file in find(annotations / "popev2", _FILES) for rows in _parse(file, columns, _images)
    ]
    new = [(data / name, content) for row in images for name, content in row if not (data / name).is_file()]
    for file, content in new:
        replace_file(file, content)
    return len(new)


def _parse(file: Path, columns: list[str], parse: Any) -> list[Any]:
    try:
        rows = pq.read_table(file, columns=columns).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(
            f"{file} cannot be read: {error}.", AGAIN, code="annotations_damaged", path=file
        ) from error
    return parse_rows(file, rows, parse)


def _questions(row: dict[str, Any]) -> list[tuple[Media, SetQuestion]]:
    example, question, allowed = str(row["example_id"]), text_of(row["question"]), {a: a for a in YES_NO}
    return [
        (
            Media(f"{example}/{side}", (_file(side, example),), group=example),
            SetQuestion(
                0, question, known(str(row[f"{side}_label"]).lower(), allowed, "the label"), group=example
            ),
        )
        for side in _SIDES
    ]


def _images(row: dict[str, Any]) -> list[tuple[str, bytes]]:
    return [(_file(side, str(row["example_id"])), row[f"{side}_image"]["bytes"]) for side in _SIDES]


def _file(side: str, example: str) -> str:
    if "/" in example or "\\" in example or example in (".", "..", ""):
        raise ValueError(f"example_id {example!r} cannot name a file")
    return f"{side}/{example}.jpg"


ADAPTER = Adapter(card, read)
