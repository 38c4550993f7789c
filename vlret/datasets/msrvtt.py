"""MSR-VTT: 10,000 clips from YouTube with 20 captions each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import retrieval, video_files
from vlret.datasets.base import Media, RetrievalSet, SetCard
from vlret.datasets.files import find, parse_rows, read_json, read_table, text_of
from vlret.datasets.published import published

_FILES = {
    "1k-A": "MSRVTT_JSFUSION_test.csv",
    "full": "test_videodatainfo.json | test_videodatainfo.json.zip | MSRVTT_data.json",
}


def card(split: str = "1k-A") -> SetCard:
    """Card of the 1,000 pairs of JSFusion ("1k-A") or of the owner's 2,990 test videos ("full")."""
    return SetCard(
        name="msrvtt", title="MSR-VTT", task="retrieval", split=split, licence="research use; no licence file",
        source="captions: microsoft/MSR-VTT of 2016 and xpool's MSRVTT_JSFUSION_test.csv; videos: re-hosted archives",
        annotations=(_FILES[split],), metric="R@1", choices={"split": split},
        published=published("msrvtt") if split == "1k-A" else (),
        overlaps={"MSR-VTT": "", "VITATECS": "some of its videos are of the test split"},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> RetrievalSet:
    """One sentence a video (1k-A) or 20 (full); the media are the published cuts."""
    file = find(folder, card.annotations[0])[0]
    if card.choices["split"] == "1k-A":
        rows = read_table(file, ("video_id", "sentence"))
        return retrieval(card, parse_rows(file, rows, lambda row: _pair(row["video_id"], row["sentence"])))
    source = dict(parse_rows(file, read_json(file, list, "videos"), _test_video))
    captions = parse_rows(
        file, read_json(file, list, "sentences"), lambda row: (row["video_id"], row["caption"])
    )
    tested = [(video, caption, source[video]) for video, caption in captions if video in source]
    return retrieval(card, parse_rows(file, tested, lambda row: _pair(*row)))


def _test_video(row: dict[str, Any]) -> tuple[str, str]:
    """Name of a test clip and the address of the video that it was cut from; "" for any other clip."""
    return (text_of(row["video_id"]), row.get("url", "")) if row["split"] == "test" else ("", "")


def _pair(video: str, sentence: str, source: str = "") -> tuple[Media, str]:
    files = video_files(text_of(video), "TestVideo")
    return Media(text_of(video), files, group=source), text_of(sentence)


ADAPTER = Adapter(card, read, {"split": ("1k-A", "full")})
