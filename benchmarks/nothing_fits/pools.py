"""The photographs and clips that indexes are made of, dev and test apart, and their embeddings."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.nothing_fits.words import all_words
from vlret.datasets.tar_set import Item, read_bytes, read_items
from vlret.media.decode import read_clip
from vlret.models.base import Embedder
from vlret.training.features import cached_rows
from vlret.training.text_decoder.embeddings import predictions
from vlret.types import Vectors
from vlret.vectors import unit_rows

CLIP_SETS = ("msrvtt", "msvd", "panda70m", "autoeval")
NULL_SETS = ("flickr8k", "web_pairs")
N_NULL = 2000
MIXED = "mixed"


@dataclass(frozen=True, eq=False)
class Pool:
    """Items that an index is drawn from, and their embeddings float32 [items, dim]."""

    name: str
    items: list[Item]
    vectors: Vectors

    @cached_property
    def said(self) -> list[frozenset[str]]:
        """The content words of all that is said of each item: its captions, or its class."""
        return [all_words([*item.captions, item.label]) for item in self.items]


def dev_pools(data: Path, embedder: Embedder, cache: Path) -> list[Pool]:
    """Photographs that the model was not trained on; of Caltech-101 one half of the classes."""
    sets = [_captioned(data, name, "dev", embedder, cache) for name in NULL_SETS]
    return _with_mixed([*sets, _caltech(data, "train", 0, embedder, cache)])


def test_pools(data: Path, embedder: Embedder, cache: Path) -> list[Pool]:
    """Test splits; the other half of Caltech-101's classes, ImageNet's, and clips, which dev has none of."""
    sets = [_captioned(data, name, "test", embedder, cache) for name in NULL_SETS]
    mixed = _with_mixed([*sets, _caltech(data, "test", 1, embedder, cache)])
    imagenet = read_items(data / "photos/imagenet_sample", "labels.jsonl")
    photographs = Pool(
        "imagenet_sample", imagenet, _photographs(imagenet, embedder, cache, "imagenet_sample")
    )
    return [*mixed, photographs, _clips(data, embedder, cache)]


def unrelated_clips(data: Path, embedder: Embedder, cache: Path) -> Vectors:
    """Embeddings of training photographs drawn at random, float32 [N_NULL, dim]: the null of every query."""
    rng, drawn = np.random.default_rng(0), []
    for name in NULL_SETS:
        items = read_items(data / "photos" / name, split="train")
        drawn += [items[n] for n in rng.choice(len(items), N_NULL // len(NULL_SETS), replace=False)]
    return _photographs(drawn, embedder, cache, "null")


def _captioned(data: Path, name: str, split: str, embedder: Embedder, cache: Path) -> Pool:
    items = read_items(data / "photos" / name, split=split)
    return Pool(name, items, _photographs(items, embedder, cache, f"{name}-{split}"))


def _caltech(data: Path, split: str, half: int, embedder: Embedder, cache: Path) -> Pool:
    items = read_items(data / "photos/caltech101", "labels.jsonl")
    classes = sorted({item.label for item in items})
    kept = set(np.random.default_rng(7).permutation(classes)[half::2])
    items = [item for item in items if item.split == split and item.label in kept]
    return Pool("caltech101", items, _photographs(items, embedder, cache, f"caltech101-{split}"))


def _clips(data: Path, embedder: Embedder, cache: Path) -> Pool:
    items = [item for name in CLIP_SETS for item in read_items(data / "videos" / name, split="test")]

    def groups(done: int) -> Iterator[NDArray[np.float16]]:
        for item, content in zip(items[done:], read_bytes(items[done:]), strict=True):
            yield _clip(content, Path(item.name).suffix, embedder)

    rows = cached_rows(
        groups, (len(items), embedder.card.dim), [item.name for item in items], cache / "clips.npy"
    )
    return Pool("captioned clips", items, unit_rows(rows.astype(np.float32)))


def _clip(content: bytes, suffix: str, embedder: Embedder) -> NDArray[np.float16]:
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(content)
        file.flush()
        frames = read_clip(file.name, embedder.card.frames, size=embedder.card.decode_size)
    return embedder.embed_clips([frames]).astype(np.float16)


def _photographs(items: Sequence[Item], embedder: Embedder, cache: Path, name: str) -> Vectors:
    return unit_rows(predictions(items, embedder, cache, name).astype(np.float32))


def _with_mixed(pools: list[Pool]) -> list[Pool]:
    items = [item for pool in pools for item in pool.items]
    return [*pools, Pool(MIXED, items, np.concatenate([pool.vectors for pool in pools]))]
