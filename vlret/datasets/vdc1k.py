"""VDC (AuroraCap): 1,027 videos with five detailed captions each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import retrieval, video_files
from vlret.datasets.base import Media, RetrievalSet, SetCard
from vlret.datasets.files import find, parse_rows, read_lines, read_records, text_of
from vlret.datasets.published import published

CAPTIONS = ("detailed", "short", "main_object", "background", "camera")


def card(caption: str = "detailed") -> SetCard:
    """Card of one of the five captions; VL-JEPA does not say which it used."""
    return SetCard(
        name="vdc1k", title="VDC", task="retrieval", split="test", licence="Apache-2.0",
        source="captions: rese1f/aurora (VDC_1k_captions.jsonl); videos: its data card",
        annotations=("VDC_1k_captions.jsonl",), metric="R@1", choices={"caption": caption},
        published=published("vdc1k"), overlaps={"VDC": ""},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> RetrievalSet:
    """The chosen caption of each video."""
    file, key = find(folder, card.annotations[0])[0], f"{card.choices['caption']}_caption"

    def pair(row: dict[str, Any]) -> tuple[Media, str]:
        video = text_of(row["video_id"])
        files = video_files(video, "VDC_1k")
        name = str(row.get("video_name") or video).removesuffix(".mp4")
        return Media(video, tuple(dict.fromkeys(video_files(name, "VDC_1k") + files))), text_of(
            row["captions"][key]
        )

    return retrieval(card, parse_rows(file, read_records(file), pair))


def count(folder: Path) -> dict[str, int]:
    """The videos, from the list of their ids."""
    return {"items": len(read_lines(find(folder, "video_ids.txt")[0]))}


ADAPTER = Adapter(card, read, {"caption": CAPTIONS}, count=count)
