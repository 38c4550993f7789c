"""SugarCrepe and SugarCrepe++: captions of COCO against ones with a part added, replaced or swapped."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import coco_files, not_empty, one_of_two, vqa
from vlret.datasets.base import Media, SetCard, SetQuestion, TextSet, Triple, VqaSet
from vlret.datasets.files import find, parse_rows, read_json, text_of
from vlret.datasets.published import published

_PARTS_PP = ("replace_att", "replace_obj", "replace_rel", "swap_att", "swap_obj")
_PARTS = ("add_att", "add_obj", *_PARTS_PP)


def card() -> SetCard:
    """Card of the photographs with two captions each."""
    return SetCard(
        name="sugarcrepe", title="SugarCrepe", task="vqa", split="val2017", licence="MIT; photographs: COCO",
        source="https://github.com/RAIVNLab/sugar-crepe (data/); photographs: COCO val2017",
        annotations=tuple(f"{part}.json" for part in _PARTS), metric="accuracy", frames=1,
        overlaps={"COCO": "these photographs and captions are from it"},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> VqaSet:
    """Two captions a question, in the groups of the files, which are dicts with numbers as keys."""
    questions = []
    for part in _PARTS:
        file = find(folder, f"{part}.json")[0]
        questions += parse_rows(file, read_json(file, dict).values(), partial(_question, part=part))
    return vqa(card, questions)


def _question(row: dict[str, Any], part: str) -> tuple[Media, SetQuestion]:
    name = text_of(row["filename"])
    question = one_of_two(text_of(row["caption"]), text_of(row["negative_caption"]), part)
    return Media(name, coco_files(name, "val2017")), question


def pp_card() -> SetCard:
    """Card of the captions alone: two that say the same and one that does not."""
    return SetCard(
        name="sugarcrepe_pp", title="SugarCrepe++, text only", task="text", split="all",
        licence="MIT; captions: CC BY 4.0", source="https://github.com/Sri-Harsha/scpp (data/)",
        annotations=tuple(f"{part}.json" for part in _PARTS_PP), metric="accuracy", frames=0,
        choices={"average": "micro"}, published=published("sugarcrepe_pp"),
        overlaps={"COCO captions": "these captions are from it"},
    )  # fmt: skip


def read_pp(folder: Path, card: SetCard) -> TextSet:
    """Triples in the groups of the files, which are lists here."""
    triples = []
    for part in _PARTS_PP:
        file = find(folder, f"{part}.json")[0]
        texts = parse_rows(file, read_json(file, list), _texts)
        triples += [Triple(first, second, negative, part) for first, second, negative in texts]
    return TextSet(not_empty(card, triples), triples)


def _texts(row: dict[str, Any]) -> tuple[str, str, str]:
    return text_of(row["caption"]), text_of(row["caption2"]), text_of(row["negative_caption"])


ADAPTER = Adapter(card, read)
SUGARCREPE_PP = Adapter(pp_card, read_pp)
