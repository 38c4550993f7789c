"""DiDeMo: all descriptions of a Flickr video as one paragraph."""

from __future__ import annotations

from pathlib import Path

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import in_folders, retrieval, with_captions
from vlret.datasets.base import Media, RetrievalSet, SetCard
from vlret.datasets.files import find, parse_rows, read_json, read_lines, text_of
from vlret.datasets.published import IN_YFCC100M, published

SEEN_S = 30.0
"""The annotators saw only the first 30 seconds."""


def card(descriptions: str = "listed", window: str = "whole") -> SetCard:
    """Card of the 1,004 test videos.

    The owner's file has 1,037 names, since 33 videos stand in it under two endings. `descriptions="listed"` joins
    those under the name in the usual split list (3,932), "all" those under both names (4,021).
    """
    return SetCard(
        name="didemo", title="DiDeMo, paragraphs", task="retrieval", split="test",
        licence="annotations: BSD-2-Clause; videos: Creative Commons, each its own",
        source="annotations: LisaAnne/LocalizingMoments, split list: albanie/collaborative-experts; videos: YFCC100M",
        annotations=("test_data.json", *(("test_list.txt",) if descriptions == "listed" else ())), metric="R@1",
        choices={"text": "paragraph", "descriptions": descriptions, "window": window},
        published=published("didemo"),
        overlaps={"DiDeMo": "", "YFCC100M": IN_YFCC100M},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> RetrievalSet:
    """Descriptions joined in the order of the file."""
    file, by_stem = find(folder, "test_data.json")[0], card.choices["descriptions"] == "all"
    end = SEEN_S if card.choices["window"] == "30s" else None
    captions: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for name, description in parse_rows(file, read_json(file, list), _description):
        key = _stem(name) if by_stem else name
        captions.setdefault(key, []).append(description)
        names.setdefault(key, name)
    listed = list(captions) if by_stem else read_lines(find(folder, "test_list.txt")[0])
    card, kept = with_captions(card, listed, captions)
    return retrieval(card, [(_media(names[key], end), " ".join(captions[key])) for key in kept])


def _description(row: dict[str, str]) -> tuple[str, str]:
    return text_of(row["video"]), text_of(row["description"])


def _stem(name: str) -> str:
    return name.rsplit(".", 1)[0]


def _media(name: str, end: float | None) -> Media:
    return Media(_stem(name), in_folders((_stem(name) + ".mp4", name), "videos", "test"), 0.0, end)


ADAPTER = Adapter(card, read, {"descriptions": ("listed", "all"), "window": ("whole", "30s")})
