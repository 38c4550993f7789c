"""The photographs and clips in tar shards that vljepa-mini is scored on, as custom datasets of `vlret bench`."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from vlret.cli.output import say
from vlret.datasets.tar_set import Item, read_bytes, read_items
from vlret.errors import MediaError, VlretError
from vlret.training.presence import SETTINGS, presence_questions
from vlret.types import Pixels

CLIP_SETS = ("msrvtt", "msvd", "panda70m", "autoeval")
N_CAPTIONS = 5
Row = dict[str, Any]


def write_datasets(data: Path, folder: Path) -> None:
    """Write the files that `bench.toml` names, and their media, into `folder`.

    Args:
        data: directory with photos/, videos/ and annotations/.
        folder: receives one JSON Lines file per dataset, one directory of media for each, and a link to annotations/.

    A dataset whose files are missing is skipped, with a line on stderr.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in _WRITERS.items():
        try:
            write(data, folder, name)
        except (VlretError, OSError) as error:
            say(f"{name}: not prepared. {error}")
    (folder / "annotations").unlink(missing_ok=True)
    (folder / "annotations").symlink_to((data / "annotations").absolute(), target_is_directory=True)


def _write_captions(data: Path, folder: Path, name: str) -> None:
    _write(folder, name, read_items(data / "photos" / name, split="test"), _captions)


def _write_clips(data: Path, folder: Path, name: str) -> None:
    """The test splits of all captioned sets of clips as one pool."""
    sets = [read_items(data / "videos" / one, split="test") for one in CLIP_SETS]
    _write(folder, name, [item for items in sets for item in items], _captions)


def _write_labels(data: Path, folder: Path, name: str) -> None:
    _write(folder, name, read_items(data / "photos" / name, "labels.jsonl"), _labels)


def _write_actions(data: Path, folder: Path, name: str) -> None:
    _write(folder, name, read_items(data / "videos" / name, "labels.jsonl"), _labels)


def _write_presence(data: Path, folder: Path, name: str) -> None:
    """Yes / no questions about things in Flickr8k's test photographs, whose files `_write_captions` wrote."""
    items = read_items(data / "photos" / "flickr8k", split="test")
    for setting in SETTINGS:
        rows = [
            {
                "path": _file("flickr8k", items[q.item]), "question": q.question, "answers": ["no", "yes"],
                "answer": q.answer,
            }
            for q in presence_questions(items, setting)
        ]  # fmt: skip
        _write_lines(folder / f"{name}_{setting}.jsonl", rows)


_WRITERS: dict[str, Callable[[Path, Path, str], None]] = {
    "flickr8k": _write_captions, "web_pairs": _write_captions, "captioned_clips": _write_clips,
    "caltech101": _write_labels, "imagenet_sample": _write_labels, "actions": _write_actions,
    "presence": _write_presence,
}  # fmt: skip


def _captions(item: Item) -> list[Row]:
    return [{"caption": caption} for caption in item.captions[:N_CAPTIONS]]


def _labels(item: Item) -> list[Row]:
    return [{"label": item.label}]


def _write(folder: Path, name: str, items: list[Item], rows_of: Callable[[Item], list[Row]]) -> None:
    for item, content in zip(items, read_bytes(items), strict=True):
        file = folder / _file(name, item)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    _write_lines(
        folder / f"{name}.jsonl",
        ({"path": _file(name, item), **row} for item in items for row in rows_of(item)),
    )


def _file(name: str, item: Item) -> str:
    """The file of an item below the directory of the datasets; names are unique within one set of shards."""
    return f"{name}/{item.shard.parent.name}/{item.name}"


def _write_lines(file: Path, rows: Iterable[Row]) -> None:
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def labelled(data: Path, name: str) -> tuple[list[Pixels], list[str]]:
    """All photographs of a labelled set and their labels."""
    items = read_items(data / "photos" / name, "labels.jsonl")
    return photographs(items), [item.label for item in items]


def photographs(items: list[Item]) -> list[Pixels]:
    """Decoded photographs uint8 [1, height, width, 3]."""
    return list(_photographs(items))


def _photographs(items: list[Item]) -> Iterator[Pixels]:
    files = tqdm(read_bytes(items), total=len(items), desc="photographs", disable=None)
    for item, content in zip(items, files, strict=True):
        try:
            yield np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))[None]
        except OSError as error:
            raise MediaError(
                f"{item.name} in {item.shard} is not a photograph.", "Download the dataset again."
            ) from error
