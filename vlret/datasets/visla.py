"""VISLA: texts that say the same in other words against one that does not, in general and about space."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import not_empty
from vlret.datasets.base import SetCard, TextSet, Triple
from vlret.datasets.files import find, parse_rows, read_table, text_of
from vlret.datasets.published import published

_COLUMNS = {
    "Generic": ("caption", "second positive", "negative_caption"),
    # the "best reference" is the hard negative; a fifth column, completely irrelevant, is not used
    "Spatial": ("sent1", "sent2", "Best reference (Semantically close)"),
}


def card(incomplete: str = "kept") -> SetCard:
    """Card of both parts; the published figure is the mean of the two.

    12 of the 652 rows of the spatial part have no negative: `incomplete="kept"` takes an empty text for it, which
    is how the file counts 652, "left_out" drops them.
    """
    return SetCard(
        name="visla", title="VISLA", task="text", split="generic and spatial", licence="none stated",
        source="https://github.com/Sri-Harsha/visla_benchmark (data/)",
        annotations=tuple(f"{part}_VISLA.tsv" for part in _COLUMNS), metric="macro_accuracy", frames=0,
        choices={"average": "macro", "incomplete": incomplete}, published=published("visla"),
        overlaps={"COCO captions": "inferred from the names of its photographs"},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> TextSet:
    """Triples in the groups generic and spatial; a quotation mark is a character like any other."""
    triples = []
    for part, columns in _COLUMNS.items():
        file = find(folder, f"{part}_VISLA.tsv")[0]
        rows = read_table(file, columns, delimiter="\t", quoted=False)
        triples += [
            Triple(*texts, part.lower()) for texts in parse_rows(file, rows, partial(_texts, columns=columns))
        ]
    kept = [t for t in triples if t.negative or card.choices["incomplete"] == "kept"]
    return TextSet(not_empty(card, kept), kept)


def _texts(row: dict[str, str], columns: tuple[str, str, str]) -> tuple[str, str, str]:
    return text_of(row[columns[0]]), text_of(row[columns[1]]), " ".join(row[columns[2]].split())


ADAPTER = Adapter(card, read, {"incomplete": ("kept", "left_out")})
