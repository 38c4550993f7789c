"""The Parquet tables of an index: their columns, and rows to and from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vlret.media.info import MediaInfo
from vlret.types import Clip, Ids, Vectors
from vlret.vectors import first_invalid_row, unit_rows

DROPPED = pa.schema([("clip_id", pa.int64())])
SKIPPED = pa.schema(
    [("root", pa.int32()), ("path", pa.string()), ("size", pa.int64()), ("mtime_ns", pa.int64()),
     ("reason", pa.string())]
)  # fmt: skip
_CLIPS = [
    ("clip_id", pa.int64()),
    ("root", pa.int32()),
    ("path", pa.string()),
    ("start", pa.float64()),
    ("end", pa.float64()),
    ("fingerprint", pa.string()),
    ("size", pa.int64()),
    ("mtime_ns", pa.int64()),
]
METADATA = pa.schema(
    [("duration_s", pa.float64()), ("width", pa.int32()), ("height", pa.int32()), ("codec", pa.string()),
     ("fps", pa.float64()), ("taken", pa.timestamp("us"))]
)  # fmt: skip
"""The columns of a shard with what is known about the file; null where it is not, and missing in old shards."""
CLIPS = pa.schema([*_CLIPS, *METADATA])
"""The columns of a shard without the vector."""
NO_ROOT = -1


@dataclass(frozen=True, slots=True)
class FileRow:
    """A media file as the index knows it: `path` is POSIX and relative to root number `root`."""

    root: int
    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A file that was skipped and why; `size` and `mtime_ns` are -1 where it was never opened.

    `root` is -1 where `path` is under no root of the index and therefore absolute.
    """

    root: int
    path: str
    size: int
    mtime_ns: int
    reason: str


def shard_schema(dim: int) -> pa.Schema:
    """The columns of a shard: one row per clip."""
    return pa.schema([*CLIPS, ("vector", pa.list_(pa.float16(), dim))])


@dataclass(frozen=True, slots=True)
class FileClips:
    """A file's clips and their vectors, float32 [n, dim], with what else their rows say about the file.

    `first_clip_id` is the id of the first clip; those of the others follow.
    """

    file: FileRow
    fingerprint: str
    first_clip_id: int
    clips: Sequence[Clip]
    vectors: Vectors
    info: MediaInfo | None = None


def clip_table(files: Sequence[FileClips]) -> pa.Table:
    """The rows of one or more files' clips; an image's `end` is its `start`."""
    sizes = [len(file.clips) for file in files]
    clips = [clip for file in files for clip in file.clips]
    of_files = zip(*map(_file_values, files), strict=True)
    root, path, fingerprint, size, mtime_ns, *metadata = (_repeated(values, sizes) for values in of_files)
    columns = [
        np.concatenate([file.first_clip_id + np.arange(len(file.clips)) for file in files]),
        root, path,
        [clip.start for clip in clips],
        [clip.row_end for clip in clips],
        fingerprint, size, mtime_ns, *metadata,
        vector_column(np.concatenate([file.vectors for file in files]).astype(np.float16)),
    ]  # fmt: skip
    schema = shard_schema(files[0].vectors.shape[1])
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def _file_values(clips: FileClips) -> list[object]:
    file = clips.file
    return [file.root, file.path, clips.fingerprint, file.size, file.mtime_ns, *metadata_values(clips.info)]


def _repeated(values: Sequence[object], counts: Sequence[int]) -> list[object]:
    return [value for value, n in zip(values, counts, strict=True) for _ in range(n)]


def metadata_values(info: MediaInfo | None) -> list[object]:
    """The values of `METADATA` for a file; None: nothing is known."""
    if info is None:
        return [None] * len(METADATA)
    taken = info.taken and datetime.fromisoformat(info.taken)
    return [info.duration, info.width, info.height, info.codec, info.fps, taken]


def moved_table(rows: pa.Table, file: FileRow, first_clip_id: int) -> pa.Table:
    """The rows of a file's clips, their vectors unchanged, for its new place."""
    n = rows.num_rows
    columns = {
        "clip_id": np.arange(first_clip_id, first_clip_id + n),
        "root": [file.root] * n, "path": [file.path] * n, "size": [file.size] * n, "mtime_ns": [file.mtime_ns] * n,
    }  # fmt: skip
    for name, values in columns.items():
        number = rows.schema.get_field_index(name)
        rows = rows.set_column(
            number, rows.schema.field(name), pa.array(values, rows.schema.field(name).type)
        )
    return rows


def vector_column(vectors: NDArray[np.float16]) -> pa.Array:
    """Vectors [n, dim] as the column of a table."""
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])


def unit_vectors(table: pa.Table) -> Vectors:
    """The vectors of a table's rows as float32 [n, dim] of unit length (float16 had rounded them).

    Raises:
        ValueError: one of them is zero or not finite.
    """
    dim = table.schema.field("vector").type.list_size
    flat = table.column("vector").combine_chunks().flatten()
    rows: Vectors = flat.to_numpy(zero_copy_only=False).reshape(-1, dim).astype(np.float32)
    invalid = first_invalid_row(rows)
    if invalid is not None:
        first = table.column_names[0]
        raise ValueError(f"the vector of {first} {table[first][invalid]} is zero or not finite")
    return unit_rows(rows)


def dropped_table(clip_ids: Ids) -> pa.Table:
    """The table of clip ids that are no longer valid."""
    return pa.table([pa.array(clip_ids, pa.int64())], schema=DROPPED)


def skipped_table(rows: Iterable[SkippedRow]) -> pa.Table:
    """The table of skipped files."""
    columns = zip(*(astuple(row) for row in rows), strict=True)
    values = list(columns) or [()] * len(SKIPPED)
    return pa.table([pa.array(c, f.type) for c, f in zip(values, SKIPPED, strict=True)], schema=SKIPPED)


def skipped_rows(table: pa.Table) -> list[SkippedRow]:
    """The rows of `skipped_table`."""
    return [SkippedRow(**row) for row in table.to_pylist()]
