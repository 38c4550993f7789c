"""YouCook2: one sentence for each annotated part of a cooking video."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import number_parts, retrieval, video_files
from vlret.datasets.base import Media, RetrievalSet, SetCard
from vlret.datasets.files import find, parse_rows, read_json, read_table, span_of, text_of
from vlret.datasets.published import IN_HOWTO100M, published


def card() -> SetCard:
    """Card of the validation clips."""
    return SetCard(
        name="youcook2", title="YouCook2, clips", task="retrieval", split="validation",
        licence="annotations: the owner's terms, research; MIL-NCE's list: Apache-2.0",
        source="annotations: http://youcook2.eecs.umich.edu or antoine77340/MIL-NCE_HowTo100M; videos: YouTube",
        annotations=("validation_youcook.csv | youcookii_annotations_trainval.json",), metric="R@1",
        choices={"text": "clip"}, published=published("youcook2"),
        overlaps={"YouCook2": "", "HowTo100M": IN_HOWTO100M},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> RetrievalSet:
    """Clips are parts of whole videos; the list of MIL-NCE or the owner's file."""
    file = find(folder, card.annotations[0])[0]
    if file.suffix == ".csv":
        rows: list[Any] = read_table(file, ("end", "start", "task", "text", "video_id"))
        return retrieval(card, number_parts(parse_rows(file, rows, _listed)))
    videos = read_json(file, dict, "database").items()
    clips = parse_rows(file, videos, _owners)
    return retrieval(card, number_parts([clip for video in clips for clip in video]))


def _listed(row: dict[str, str]) -> tuple[Media, str]:
    return _clip(row["video_id"], row["task"], (row["start"], row["end"]), row["text"])


def _owners(item: tuple[str, dict[str, Any]]) -> list[tuple[Media, str]]:
    name, video = item
    if video["subset"] != "validation":
        return []
    return [_clip(name, video["recipe_type"], a["segment"], a["sentence"]) for a in video["annotations"]]


def _clip(video: str, recipe: str, segment: Any, sentence: str) -> tuple[Media, str]:
    start, end = span_of(*segment)
    files = video_files(text_of(video), f"validation/{recipe}", f"raw_videos/validation/{recipe}")
    return Media(video, files, start, end), text_of(sentence)


ADAPTER = Adapter(card, read)
