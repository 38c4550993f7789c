"""Indexes of given vectors, without media."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.index.stand_in import media_info
from vlret.index.backends.base import SearchBackend
from vlret.index.columns_view import open_columns
from vlret.index.index import Index
from vlret.index.manifest import IndexRecipe, Manifest
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.tables import FileRow
from vlret.index.writer import IndexWriter
from vlret.models.base import ModelCard
from vlret.types import Clip, Vectors

ROOT = "/media/library"


def unit_rows(n: int, dim: int, seed: int = 0) -> Vectors:
    """Random unit vectors, exactly representable in float16 before they are normalised."""
    rows = np.random.default_rng(seed).standard_normal((n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def new_index(folder: Path, dim: int) -> IndexWriter:
    """A writer into a new, empty index."""
    card = ModelCard(
        name="made", revision="1", weights_hash="0" * 64, dim=dim, frames=2, resolution=8, resize="squash",
        licence="Apache-2.0", prompts=("{}",), temperature=0.1, text_length=16,
    )  # fmt: skip
    recipe = IndexRecipe("made", card, "", "float32", "auto", 2, "midpoint", "pyav")
    Store(folder).commit(Manifest.start(recipe))
    return IndexWriter(Snapshot.read(Store(folder)), [ROOT])


def add_file(writer: IndexWriter, path: str, vectors: Vectors) -> None:
    """A file with one clip of two seconds a vector."""
    clips = [Clip(Path(ROOT) / path, 2.0 * n, 2.0 * n + 2) for n in range(len(vectors))]
    info = media_info(2.0 * len(clips))
    content = hashlib.md5(path.encode(), usedforsecurity=False).hexdigest()
    writer.add(FileRow(0, path, 1, 1), content, clips, vectors, np.empty(0, np.int64), info)


def synthetic_index(folder: Path, vectors: Vectors, clips_per_file: Sequence[int] | int = 3) -> Index:
    """An index of these vectors, cut into files f000.mp4, f001.mp4, ... of so many clips."""
    writer = new_index(folder, vectors.shape[1])
    sizes = (
        [clips_per_file] * (len(vectors) // clips_per_file + 1)
        if isinstance(clips_per_file, int)
        else clips_per_file
    )
    for number, part in enumerate(np.split(vectors, np.cumsum(sizes)[:-1])):
        if len(part):
            add_file(writer, f"f{number:03d}.mp4", part)
            writer.commit_if_due()
    writer.commit()
    return Index.open(folder)


def index_with(folder: Path, backend: SearchBackend) -> Index:
    """The index in `folder`, searched by a back end that holds its clips."""
    store = Store(folder)
    manifest = store.read_manifest()
    return Index(store, manifest, open_columns(store, manifest), backend)
