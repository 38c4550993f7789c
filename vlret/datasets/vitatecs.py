"""VITATECS: the caption of a video against one in which a single aspect was changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import in_folders, one_of_two, vqa
from vlret.datasets.base import Media, SetCard, SetQuestion, VqaSet
from vlret.datasets.files import find, parse_rows, read_records, text_of

ASPECTS = ("Compositionality", "Direction", "Intensity", "Localization", "Sequence", "Type")


def card(aspect: str = "all") -> SetCard:
    """Card of all six aspects or of one."""
    return SetCard(
        name="vitatecs", title="VITATECS", task="vqa", split=aspect, licence="CC BY 4.0",
        source="https://github.com/lscpku/VITATECS (data/, not the older data_opt/); videos: MSR-VTT test and VATEX",
        annotations=tuple(f"{name}.jsonl" for name in ASPECTS if aspect in (name, "all")), metric="accuracy",
        choices={"aspect": aspect}, overlaps=dict.fromkeys(("MSR-VTT", "VATEX"), "these videos are from it"),
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> VqaSet:
    """Two captions a question, in the groups of the aspects."""
    files = [find(folder, entry)[0] for entry in card.annotations]
    return vqa(card, [row for file in files for row in parse_rows(file, read_records(file), _row)])


def _row(row: dict[str, Any]) -> tuple[Media, SetQuestion]:
    name, source = text_of(row["video_name"]), text_of(row["src_dataset"])
    question = one_of_two(text_of(row["caption"]), text_of(row["counterfactual"]), text_of(row["aspect"]))
    return Media(name, in_folders(name, source, source.lower(), "videos")), question


ADAPTER = Adapter(card, read, {"aspect": ("all", *ASPECTS)})
