"""Whole clips with their frames, a short caption where there is one, and the video that they were cut from."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from vlret.datasets.files import read_records
from vlret.datasets.tar_set import Item, read_bytes
from vlret.media.decode import read_clip
from vlret.types import Pixels

CAPTIONED = ("msrvtt", "msvd", "panda70m", "autoeval", "prompts")
LABELLED = ("fightsurv", "actions")
LONGEST = 25
"""Words of a caption: two such captions fit into the text tower of every model."""


@dataclass(frozen=True)
class SourceClip:
    """A clip: `pixels` uint8 [frames, side, side, 3] at equal distances, `caption` "" where there is no short one.

    Clips of one `source` (a video, or what one camera saw) are all in one split.
    """

    name: str
    source: str
    caption: str
    pixels: Pixels


def source_clips(data: Path, split: str, frames: int, side: int) -> Iterator[SourceClip]:
    """Yield the clips of a split of all sets below `data`/videos, squashed to `side` x `side` pixels."""
    items, rows = [], []
    for name in (*CAPTIONED, *LABELLED):
        folder = data / "videos" / name
        lines = folder / ("captions.jsonl" if name in CAPTIONED else "labels.jsonl")
        chosen = [row for row in read_records(lines) if row["split"] == split]
        rows += chosen
        items += [Item(row["video"], folder / row["shard"], split) for row in chosen]
    contents = tqdm(read_bytes(items), total=len(items), desc=f"{split} clips", disable=None)
    for row, content in zip(rows, contents, strict=True):
        source = str(row.get("scene", row["source_video"]))
        yield SourceClip(row["video"], source, short_caption(row), _decoded(content, frames, side))


def short_caption(row: Mapping[str, Any]) -> str:
    """Return the first caption, or first sentence of one, of at most `LONGEST` words, without its full stop."""
    texts = [*row.get("captions", []), row.get("first_sentence", "")]
    short = [text for text in texts if text and len(text.split()) <= LONGEST]
    return short[0].strip().rstrip(".") if short else ""


def _decoded(content: bytes, frames: int, side: int) -> Pixels:
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(content)
        file.flush()
        return read_clip(file.name, frames, size=(side, side)).pixels
