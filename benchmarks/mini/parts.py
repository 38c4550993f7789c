"""The parts of the table: which rows are scored together, on what, and which models are asked for them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.mini.contestants import UNTRAINED
from benchmarks.mini.scores import frames, labels, presence, retrieval, rooms, triples
from benchmarks.mini.sets import (
    CLIP_SETS,
    TEXT_SETS,
    captioned_clips,
    captioned_photos,
    labelled,
    labelled_clips,
    text_set,
)
from vlret.datasets.tar_set import Item, read_bytes, read_items
from vlret.errors import UsageError
from vlret.evaluation.tasks.registry import task_of
from vlret.models.base import Embedder

Kind = Literal["clips", "questions", "texts"]
Rows = Callable[[Embedder, Path], list[dict[str, Any]]]


@dataclass(frozen=True)
class Part:
    """Rows that are scored together.

    `kind` is what a model has to read for it. `set_hash(data)` is SHA-256 (hex) over what is scored, media too;
    its VlretError or OSError says what is missing. `rows(embedder, data)` scores.
    """

    name: str
    kind: Kind
    set_hash: Callable[[Path], str]
    rows: Rows


def parts_for(embedder: Embedder) -> list[Part]:
    """The parts that a model can be asked for; the untrained one is asked no questions."""
    kinds: set[Kind] = {"texts"}
    if _sees(embedder):
        kinds.add("clips")
    if embedder.card.takes_query and embedder.card.name != UNTRAINED:
        kinds.add("questions")
    return [part for part in PARTS if part.kind in kinds]


def _sees(embedder: Embedder) -> bool:
    try:
        embedder.check_clips()
    except UsageError:
        return False
    return True


def items_hash(items: Iterable[Item], beside: Iterable[Item] = ()) -> str:
    """SHA-256 (hex) over names, texts and media of `items`, and over names and texts of those `beside`."""
    items, digest = list(items), hashlib.sha256()
    for item in (*items, *beside):
        record = [item.name, item.split, item.captions, item.label, item.questions]
        digest.update(json.dumps(record).encode() + b"\n")
    for content in read_bytes(items):
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def _photos(name: str) -> Part:
    return Part(
        name,
        "clips",
        lambda data: items_hash(read_items(data / "photos" / name, split="test")),
        lambda model, data: retrieval(model, captioned_photos(data, name)),
    )


def _clips(name: str, rows: Rows) -> Part:
    def hash_of(data: Path) -> str:
        return items_hash(
            item for folder in CLIP_SETS for item in read_items(data / "videos" / folder, split="test")
        )

    return Part(name, "clips", hash_of, rows)


def _labels(name: str, folder: str, read: Callable[[Path, str], Any]) -> Part:
    return Part(
        name,
        "clips",
        lambda data: items_hash(read_items(data / folder / name, "labels.jsonl")),
        lambda model, data: [labels(model, name, *read(data, name))],
    )


def _questions(name: str, folder: str, file: str, rows: Rows) -> Part:
    def hash_of(data: Path) -> str:
        return items_hash(*(read_items(data / folder, file, split) for split in ("test", "train")))

    return Part(name, "questions", hash_of, rows)


def _texts(name: str) -> Part:
    return Part(
        name,
        "texts",
        lambda data: task_of(text_set(data, name)).set_hash(),
        lambda model, data: [triples(model, text_set(data, name))],
    )


PARTS = (
    _photos("flickr8k"),
    _photos("web_pairs"),
    _clips("captioned clips", lambda model, data: retrieval(model, captioned_clips(data))),
    _labels("caltech101", "photos", labelled),
    _labels("imagenet_sample", "photos", labelled),
    _labels("actions", "videos", labelled_clips),
    _clips("single frames", frames),
    _questions("presence", "photos/flickr8k", "captions.jsonl", presence),
    _questions("daquar", "photos/daquar", "qa.jsonl", rooms),
    *map(_texts, TEXT_SETS),
)
