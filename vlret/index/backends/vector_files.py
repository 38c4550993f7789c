"""The float16 vectors of shards in files that are memory-mapped: the exact cosines of a few clips in microseconds."""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vlret.files import replace_file
from vlret.index.backends.base import Scores
from vlret.index.manifest import FileEntry
from vlret.index.plain_files import open_plain
from vlret.types import Ids, Vectors
from vlret.vectors import unit_rows

if TYPE_CHECKING:
    import pyarrow as pa

_NAME = re.compile(r"[0-9a-f]{16}\.vectors")
_CHECKSUM_BYTES = 4


class VectorFiles:
    """The vectors of the clips of some shards, by clip_id."""

    def __init__(self, parts: list[tuple[Ids, np.ndarray]]) -> None:
        """`parts`: clip_ids, int64 [n], ascending, and float16 [n, dim] of each shard, in order of clip_id."""
        self._parts = parts
        self._first_ids = np.array([ids[0] for ids, _ in parts], np.int64)

    @classmethod
    def open(cls, folder: Path, shards: Iterable[FileEntry], dim: int) -> VectorFiles:
        """The files of `shards` in `folder`.

        Raises:
            OSError: one is missing.
            ValueError: one has another size than its shard takes.
        """
        return cls([_open(folder / vector_file(entry), entry.rows, dim) for entry in shards if entry.rows])

    def best(self, query: Vectors, ids: Ids, k: int) -> tuple[Scores, Ids]:
        """Cosines and clip_ids of the k nearest of `ids` to `query`, float32 [dim], best first.

        Unknown ids are left out.
        """
        scores = np.full(len(ids), np.nan, np.float32)
        places = np.searchsorted(self._first_ids, ids, side="right") - 1
        for place in np.unique(places[places >= 0]):
            known, vectors = self._parts[place]
            here = np.flatnonzero(places == place)
            rows = np.searchsorted(known, ids[here]).clip(max=len(known) - 1)
            found = known[rows] == ids[here]
            scores[here[found]] = unit_rows(vectors[rows[found]].astype(np.float32)) @ query
        order = np.lexsort((ids, -scores))[: min(k, np.isfinite(scores).sum())]
        return scores[order], ids[order]


def vector_file(entry: FileEntry) -> str:
    """The file of the vectors of a shard, named by its contents."""
    return f"{entry.sha256[:16]}.vectors"


def write_vectors(path: Path, table: pa.Table) -> None:
    """Write the vectors of a shard: its clip_ids, int64 [n], its vectors, float16 [n, dim], and their CRC-32."""
    vectors = table["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    data = table["clip_id"].to_numpy().astype("<i8").tobytes() + vectors.astype("<f2").tobytes()
    replace_file(path, data + zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "little"))


def is_vector_file(path: Path, rows: int, dim: int) -> bool:
    """Whether a file is there that has the size of the vectors of `rows` clips."""
    with contextlib.suppress(OSError, ValueError):
        _open(path, rows, dim)
        return True
    return False


def is_whole_or_missing(path: Path) -> bool:
    """Whether the bytes of a file, if it is there, are those that were written; reads all of them."""
    try:
        with open_plain(path) as file:
            data = file.read()
    except FileNotFoundError:
        return True
    return zlib.crc32(data[:-_CHECKSUM_BYTES]) == int.from_bytes(data[-_CHECKSUM_BYTES:], "little")


def remove_others(folder: Path, shards: Iterable[FileEntry]) -> None:
    """Delete the files of shards other than these."""
    names = set(map(vector_file, shards))
    for path in list(folder.iterdir()):
        if _NAME.fullmatch(path.name) and path.name not in names:
            path.unlink(missing_ok=True)


def _open(path: Path, rows: int, dim: int) -> tuple[Ids, np.ndarray]:
    with open_plain(path) as file:
        if file.seek(0, 2) != rows * (8 + 2 * dim) + _CHECKSUM_BYTES:
            raise ValueError("it has another size than its shard takes")
        data = np.memmap(file, np.uint8, "r")
    ids = data[: 8 * rows].view("<i8")
    return ids, data[8 * rows : -_CHECKSUM_BYTES].view("<f2").reshape(rows, dim)
