"""DREAM-1K: 1,000 short films with long captions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import retrieval, video_files
from vlret.datasets.base import Media, RetrievalSet, SetCard
from vlret.datasets.files import find, parse_rows, read_records, text_of
from vlret.datasets.published import published


def card() -> SetCard:
    """Card of the 1,000 reference captions."""
    return SetCard(
        name="dream1k", title="DREAM-1K", task="retrieval", split="test", licence="Apache-2.0",
        source="captions: bytedance/tarsier; videos: omni-research/DREAM-1K on the Hugging Face hub",
        annotations=("DREAM-1k.jsonl",), metric="R@1", choices={"text": "reference caption"},
        published=published("dream1k"), overlaps={"DREAM-1K": ""},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> RetrievalSet:
    """The reference caption of each video; videos are named by `vid`, 1 to 1000."""
    file = find(folder, card.annotations[0])[0]
    return retrieval(card, parse_rows(file, read_records(file), _pair))


def _pair(row: dict[str, Any]) -> tuple[Media, str]:
    video = str(row["vid"])
    return Media(video, video_files(video, "video")), text_of(row["messages"][1]["content"][0]["reference"])


ADAPTER = Adapter(card, read)
