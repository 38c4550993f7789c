"""MSVD (YouTube2Text): 670 test clips with about 41 captions each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import retrieval, video_files, with_captions
from vlret.datasets.base import Media, RetrievalSet, SetCard
from vlret.datasets.files import find, parse_rows, read_json, read_lines, read_table, text_of
from vlret.datasets.published import published

_TABLE = "msvd_test.csv"
Captions = list[tuple[str, str]]
"""Pairs of a clip's name (`VIDEO_START_END`) and one caption."""


def card(captions: str = "all") -> SetCard:
    """Card of the test clips with all captions, or with the first caption of each."""
    return SetCard(
        name="msvd", title="MSVD", task="retrieval", split="test", licence="research use; none stated",
        source="captions and clips: https://www.cs.utexas.edu/~ml/clamp/videoDescription/; lists: layer6ai-labs/xpool",
        annotations=(" | ".join(_FORMS), f"test_list.txt | {_TABLE}"), metric="R@1", choices={"captions": captions},
        published=published("msvd"), overlaps={"MSVD": ""},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> RetrievalSet:
    """Every caption is a query; clips in the order of test_list.txt, or of Perception Encoder's table."""
    file = find(folder, card.annotations[0])[0]
    captions: dict[str, list[str]] = {}
    for clip, caption in _FORMS.get(file.name, _by_clip)(file):
        captions.setdefault(clip, []).append(caption)
    card, clips = with_captions(card, _listed(find(folder, card.annotations[1])[0]), captions)
    count = 1 if card.choices["captions"] == "one" else None
    pairs = [
        (Media(clip, video_files(clip, "YouTubeClips"), group=clip.rsplit("_", 2)[0]), text)
        for clip in clips
        for text in captions[clip][:count]
    ]
    return retrieval(card, pairs)


def _listed(file: Path) -> list[str]:
    return read_lines(file) if file.name != _TABLE else [clip for clip, _ in _joined(file)]


def _by_clip(file: Path) -> Captions:
    rows = parse_rows(
        file, read_json(file, dict).items(), lambda item: [(item[0], text_of(c)) for c in item[1]]
    )
    return [pair for row in rows for pair in row]


def _corpus(file: Path) -> Captions:
    columns = ("VideoID", "Start", "End", "Language", "Description")
    rows = [row for row in read_table(file, columns) if row["Language"] == "English" and row["Description"]]
    return parse_rows(
        file, rows, lambda row: (f"{row['VideoID']}_{row['Start']}_{row['End']}", text_of(row["Description"]))
    )


def _descriptions(file: Path) -> Captions:
    lines = [line for line in read_lines(file) if not line.startswith("#")]
    return parse_rows(file, lines, lambda line: (line.split(" ", 1)[0], text_of(line.split(" ", 1)[1])))


def _joined(file: Path) -> Captions:
    """All captions of a clip in one cell, with "@" between them: one that holds the mark itself comes apart."""
    rows = parse_rows(
        file,
        read_table(file, ("video_id", "sentence")),
        lambda row: (text_of(row["video_id"]).removesuffix(".avi"), text_of(row["sentence"]).split("@")),
    )
    return [(clip, caption.strip()) for clip, captions in rows for caption in captions if caption.strip()]


_FORMS: dict[str, Callable[[Path], Captions]] = {
    "captions_msvd.json": _by_clip,
    "captions_msvd.test_val.json": _by_clip,
    "video_corpus.csv": _corpus,
    "AllVideoDescriptions.txt": _descriptions,
    _TABLE: _joined,
}

ADAPTER = Adapter(card, read, {"captions": ("all", "one")})
