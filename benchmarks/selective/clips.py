"""The captioned clips that long videos are assembled from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vlret.datasets.files import parse_rows, read_records
from vlret.datasets.tar_set import Item, read_bytes
from vlret.files import replace_file
from vlret.media.open_media import open_media

TAR_SETS = ("msrvtt", "msvd", "panda70m", "autoeval", "prompts")
FREE_SET = "redistributable"
"""Its clips are in no recipe of vljepa-mini."""
N_CAPTIONS = 5


@dataclass(frozen=True, slots=True)
class SourceClip:
    """A clip, how long it is and what is said of it; `trained_on` by vljepa-mini."""

    set: str
    path: Path
    seconds: float
    captions: tuple[str, ...]
    trained_on: bool


def read_clips(videos: Path, trained_on: bool, folder: Path) -> list[SourceClip]:
    """The clips in `videos` that vljepa-mini was or was not trained on; tars are unpacked to `folder`."""
    split = "train" if trained_on else "test"
    clips = [clip for name in TAR_SETS for clip in _of_tar(videos / name, split, folder / name)]
    return clips if trained_on else clips + _of_folder(videos / FREE_SET)


def _of_tar(source: Path, split: str, folder: Path) -> list[SourceClip]:
    lines = source / "captions.jsonl"
    rows = [row for row in read_records(lines) if row["split"] == split]
    items = parse_rows(lines, rows, lambda row: Item(row["video"], source / row["shard"], split))
    _unpack([item for item in items if not (folder / item.name).exists()], folder)
    return parse_rows(lines, rows, partial(_clip, source.name, folder, split == "train"))


def _unpack(items: Iterable[Item], folder: Path) -> None:
    items = list(items)
    for item, data in zip(items, read_bytes(items), strict=True):
        replace_file(folder / item.name, data)


def _of_folder(source: Path) -> list[SourceClip]:
    lines = source / "captions.jsonl"
    return parse_rows(lines, read_records(lines), partial(_clip, source.name, source, False))


def _clip(name: str, folder: Path, trained_on: bool, row: dict[str, Any]) -> SourceClip:
    path = folder / row["video"]
    return SourceClip(name, path, row.get("seconds") or _seconds(path), _captions(row), trained_on)


def _seconds(path: Path) -> float:
    with open_media(path) as media:
        return float(media.info.duration)


def _captions(row: dict[str, Any]) -> tuple[str, ...]:
    """The first captions; of a description of several sentences the first one."""
    if "first_sentence" in row:
        return (row["first_sentence"],)
    return (row["caption"],) if "caption" in row else tuple(row["captions"][:N_CAPTIONS])
