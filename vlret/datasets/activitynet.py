"""ActivityNet Captions: all sentences of a video as one paragraph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import retrieval, video_files
from vlret.datasets.base import Media, RetrievalSet, SetCard
from vlret.datasets.files import find, parse_rows, read_json, read_text, text_of
from vlret.datasets.published import published


def card() -> SetCard:
    """Card of the paragraphs of val_1."""
    return SetCard(
        name="activitynet", title="ActivityNet Captions, paragraphs", task="retrieval", split="val_1",
        licence="captions: no licence file; videos: YouTube",
        source="captions: https://cs.stanford.edu/people/ranjaykrishna/densevid/; videos: http://activity-net.org",
        annotations=("val_1.json | anet_ret_val_1.json",), metric="R@1", frames=32,
        choices={"text": "paragraph"}, published=published("activitynet"),
        overlaps={"ActivityNet": "the same videos", "ActivityNet Captions": ""},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> RetrievalSet:
    """One paragraph for each whole video, from the owner's form or VindLU's."""
    file = find(folder, card.annotations[0])[0]
    if read_text(file).lstrip().startswith("["):
        return retrieval(card, parse_rows(file, read_json(file, list), _vindlu))
    return retrieval(card, parse_rows(file, read_json(file, dict).items(), _owner))


def _owner(item: tuple[str, dict[str, Any]]) -> tuple[Media, str]:
    return _paragraph(item[0], item[1]["sentences"])


def _vindlu(row: dict[str, Any]) -> tuple[Media, str]:
    return _paragraph(row["video"].rsplit(".", 1)[0], row["caption"])


def _paragraph(video: str, sentences: list[str]) -> tuple[Media, str]:
    if not isinstance(sentences, list):
        raise ValueError(f"the sentences of {video} are not a list")
    return Media(video, video_files(video)), text_of(" ".join(map(text_of, sentences)))


ADAPTER = Adapter(card, read)
