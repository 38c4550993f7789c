"""The test splits that vljepa-mini is scored on, as clips and texts."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image
from tqdm import tqdm

from vlret.datasets.base import TextSet
from vlret.datasets.registry import load
from vlret.datasets.tar_set import Item, read_bytes, read_items
from vlret.errors import MediaError
from vlret.media.decode import read_clip
from vlret.models.inputs import ClipInput
from vlret.types import Pixels

CLIP_SETS = ("msrvtt", "msvd", "panda70m", "autoeval")
TEXT_SETS: dict[str, dict[str, str]] = {"sugarcrepe_pp": {}, "visla": {"incomplete": "left_out"}}
"""Sets of triples, and what was chosen where they leave something open."""


@dataclass(frozen=True)
class Captioned:
    """Clips, captions, and the clip that each caption belongs to."""

    name: str
    clips: Sequence[ClipInput]
    captions: list[str]
    owner: list[int]


def captioned_photos(data: Path, name: str) -> Captioned:
    """The test split of a captioned set of photographs."""
    items = read_items(data / "photos" / name, split="test")
    return _captioned(f"{name} test", items, photographs(items))


def captioned_clips(data: Path, n_frames: int = 8) -> Captioned:
    """The test splits of all captioned sets of clips as one pool, up to five captions a clip."""
    items = [item for name in CLIP_SETS for item in read_items(data / "videos" / name, split="test")]
    return _captioned("captioned clips, test", items, _clips(items, n_frames))


def labelled(data: Path, name: str) -> tuple[list[Pixels], list[str]]:
    """All photographs of a labelled set and their labels."""
    items = read_items(data / "photos" / name, "labels.jsonl")
    return photographs(items), [item.label for item in items]


def labelled_clips(data: Path, name: str) -> tuple[list[Pixels], list[str]]:
    """All clips of a labelled set and their labels."""
    items = read_items(data / "videos" / name, "labels.jsonl")
    return _clips(items, 8), [item.label for item in items]


def text_set(data: Path, name: str) -> TextSet:
    """One of `TEXT_SETS`, from the annotations."""
    return cast(TextSet, load(name, data / "annotations", **TEXT_SETS[name]))


def _captioned(name: str, items: list[Item], clips: Sequence[ClipInput]) -> Captioned:
    captions = [item.captions[:5] for item in items]
    owner = [n for n, texts in enumerate(captions) for _ in texts]
    return Captioned(name, clips, [text for texts in captions for text in texts], owner)


def photographs(items: list[Item]) -> list[Pixels]:
    """Decoded photographs uint8 [1, height, width, 3]."""
    files = tqdm(read_bytes(items), total=len(items), desc="photographs", disable=None)
    return [_photograph(item, content) for item, content in zip(items, files, strict=True)]


def _photograph(item: Item, content: bytes) -> Pixels:
    try:
        return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))[None]
    except OSError as error:
        raise MediaError(f"{item.name} in {item.shard} is no photograph.", "Fetch the set again.") from error


def _clips(items: list[Item], n_frames: int) -> list[Pixels]:
    clips = []
    for content in read_bytes(items):
        with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
            file.write(content)
            file.flush()
            clips.append(read_clip(file.name, n_frames).pixels)
    return clips
