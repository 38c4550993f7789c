"""Indexes of any size, written as an index run writes them; their media files do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tqdm import tqdm

from vlret.evaluation.standalone.scale.drawn_vectors import FILE_CLIPS, DrawnVectors
from vlret.index.lock import writer_lock
from vlret.index.manifest import FileEntry, IndexRecipe
from vlret.index.start import start_index
from vlret.index.store import Store
from vlret.index.tables import shard_schema, vector_column
from vlret.index.writer import SHARD_CLIPS

CLIP_S = 5.0
SHARD_FILES = -(-SHARD_CLIPS // FILE_CLIPS)
"""Files of a shard: an index run commits when it has `SHARD_CLIPS` clips."""
FIRST_DAY = datetime(2015, 1, 1)  # noqa: DTZ001 - capture times are those of the place
SELECTIVITIES = (0.1, 0.01, 0.001)
_COMMIT_SHARDS = 50
_SIZES = np.array([(640, 360), (1280, 720), (1920, 1080), (3840, 2160)])
_CODECS = np.array(["h264", "hevc", "vp9", "av1"])


def path_pattern(selectivity: float) -> str:
    """The pattern of paths that such a share of all files has."""
    depth = SELECTIVITIES.index(selectivity) + 1
    return "".join(("*camera-3/", "day-3/", "part-3/")[:depth]) + "*"


def where_condition(selectivity: float) -> str:
    """The condition on the capture time that such a share of all files fulfils."""
    end = FIRST_DAY + timedelta(days=round(1000 * selectivity))
    return f"taken < '{end:%Y-%m-%d}'"


def extend(store: Store, recipe: IndexRecipe, drawn: DrawnVectors, n_clips: int) -> None:
    """Add drawn clips until the index has `n_clips` of them, a multiple of `FILE_CLIPS`; it is started where missing.

    A shard is in memory at a time. A run that was stopped goes on where it was.
    """
    if not store.exists:
        start_index(store, recipe, [str((store.folder / "media").absolute())])
    with writer_lock(store.folder):
        manifest = store.read_manifest()
        first = manifest.next_clip_id // FILE_CLIPS
        shards, number, n_done = list(manifest.shards), manifest.next_shard, manifest.next_clip_id
        parts = list(_parts(first, n_clips // FILE_CLIPS))
        for place, table in enumerate(_tables(drawn, parts), 1):
            entry, number = store.write_table("shards", number, table, manifest.id)
            shards.append(entry)
            n_done += entry.rows
            if place % _COMMIT_SHARDS == 0 or place == len(parts):
                manifest = manifest.next(shards=tuple(shards), next_shard=number, next_clip_id=n_done)
                store.commit(manifest)


def _parts(first: int, end: int) -> Iterator[tuple[int, int]]:
    """First file and number of files of each shard."""
    for file in range(first, end, SHARD_FILES):
        yield file, min(SHARD_FILES, end - file)


def _tables(drawn: DrawnVectors, parts: list[tuple[int, int]]) -> Iterator[pa.Table]:
    for first, n in tqdm(parts, "writing", unit="shard", disable=None):
        yield _table(drawn, np.arange(first, first + n))


def _table(drawn: DrawnVectors, files: NDArray[np.int64]) -> pa.Table:
    """The clips of these files as a shard."""
    schema = shard_schema(drawn.real.shape[1])
    clips = np.arange(files[0] * FILE_CLIPS, (files[-1] + 1) * FILE_CLIPS)
    of_file = clips // FILE_CLIPS - files[0]
    kind = files % len(_SIZES)
    taken = [FIRST_DAY + timedelta(days=int(file) * 997 % 1000, seconds=int(file) % 86400) for file in files]
    of_files = {
        "root": np.zeros(len(files), np.int32),
        "path": [_path(file) for file in files.tolist()],
        "fingerprint": [f"{file:032x}" for file in files.tolist()],
        "size": 10_000_000 + files * 7919 % 90_000_000,
        "mtime_ns": 1_600_000_000_000_000_000 + files * 1_000_000_000,
        "duration_s": np.full(len(files), FILE_CLIPS * CLIP_S),
        "width": _SIZES[kind, 0], "height": _SIZES[kind, 1], "codec": _CODECS[kind],
        "fps": np.full(len(files), 25.0), "taken": taken,
    }  # fmt: skip
    start = clips % FILE_CLIPS * CLIP_S
    columns = {
        "clip_id": clips, "start": start, "end": start + CLIP_S,
        "vector": vector_column(drawn.of_files(int(files[0]), len(files)).astype(np.float16)),
        **{name: pa.array(values, schema.field(name).type).take(pa.array(of_file)) for name, values in of_files.items()},
    }  # fmt: skip
    return pa.table(
        [pa.array(columns[name], schema.field(name).type) for name in schema.names], schema=schema
    )


def _path(file: int) -> str:
    return f"camera-{file % 10}/day-{file // 10 % 10}/part-{file // 100 % 10}/{file:08d}.mp4"
