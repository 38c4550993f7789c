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
from vlret.index.manifest import IndexRecipe
from vlret.index.start import start_index
from vlret.index.store import Store
from vlret.index.tables import shard_schema, vector_column
from vlret.types import Ids

CLIP_S = 5.0
SELECTIVITIES = (0.1, 0.01, 0.001)
_SHARD_FILES = 3277
_COMMIT_SHARDS = 4
_FIRST_DAY = datetime(2015, 1, 1)
_DAYS = 1000
_SIZES = np.array([(640, 360), (1280, 720), (1920, 1080), (3840, 2160)])
_CODECS = np.array(["h264", "hevc", "vp9", "av1"])


def path_pattern(selectivity: float, number: int) -> str:
    """A pattern of paths that this share of all files has; `number` is below 1 / selectivity."""
    folders = _folders(number)[: SELECTIVITIES.index(selectivity) + 1]
    return f"*{'/'.join(folders)}/*"


def where_condition(selectivity: float, number: int) -> str:
    """A condition on capture time that this share of all files fulfils; `number` is below 1 / selectivity."""
    days = round(_DAYS * selectivity)
    first, end = (_FIRST_DAY + timedelta(days=days * one) for one in (number, number + 1))
    return f"taken >= '{first:%Y-%m-%d}' AND taken < '{end:%Y-%m-%d}'"


def matches_path(clip_ids: Ids, selectivity: float, number: int) -> NDArray[np.bool_]:
    """Which clips `path_pattern` allows, by arithmetic alone."""
    return np.asarray(clip_ids // FILE_CLIPS % round(1 / selectivity) == number)


def matches_where(clip_ids: Ids, selectivity: float, number: int) -> NDArray[np.bool_]:
    """Which clips `where_condition` allows, by arithmetic alone."""
    return np.asarray(_day(clip_ids // FILE_CLIPS) // round(_DAYS * selectivity) == number)


def extend(store: Store, recipe: IndexRecipe, drawn: DrawnVectors, n_clips: int) -> None:
    """Add drawn clips until the index has `n_clips` of them, a multiple of `FILE_CLIPS`; it is started where missing.

    A shard is in memory at a time. A run that was stopped goes on where it was.
    """
    if not store.exists:
        start_index(store, recipe, [str((store.folder / "media").absolute())])
    with writer_lock(store.folder):
        manifest = store.read_manifest()
        parts = list(_parts(manifest.next_clip_id // FILE_CLIPS, n_clips // FILE_CLIPS))
        shards, number, n_done = list(manifest.shards), manifest.next_shard, manifest.next_clip_id
        for place, table in enumerate(_tables(drawn, parts), 1):
            entry, number = store.write_table("shards", number, table, manifest.id)
            shards.append(entry)
            n_done += entry.rows
            if place % _COMMIT_SHARDS == 0 or place == len(parts):
                manifest = manifest.next(shards=tuple(shards), next_shard=number, next_clip_id=n_done)
                store.commit(manifest)


def _parts(first: int, end: int) -> Iterator[tuple[int, int]]:
    """First file and number of files of each shard."""
    for file in range(first, end, _SHARD_FILES):
        yield file, min(_SHARD_FILES, end - file)


def _tables(drawn: DrawnVectors, parts: list[tuple[int, int]]) -> Iterator[pa.Table]:
    for first, n in tqdm(parts, "writing", unit="shard", disable=None):
        yield _table(drawn, np.arange(first, first + n))


def _table(drawn: DrawnVectors, files: Ids) -> pa.Table:
    """The clips of these files as a shard."""
    schema = shard_schema(drawn.real.shape[1])
    clips = np.arange(files[0] * FILE_CLIPS, (files[-1] + 1) * FILE_CLIPS)
    start = clips % FILE_CLIPS * CLIP_S
    columns: dict[str, object] = {
        "clip_id": clips, "start": start, "end": start + CLIP_S,
        "vector": vector_column(drawn.of_files(int(files[0]), len(files)).astype(np.float16)),
    }  # fmt: skip
    of_file = pa.array(clips // FILE_CLIPS - files[0])
    for name, values in _of_files(files).items():
        columns[name] = pa.array(values, schema.field(name).type).take(of_file)
    return pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)


def _of_files(files: Ids) -> dict[str, object]:
    """The columns that are the same for all clips of a file."""
    kind = files % len(_SIZES)
    return {
        "root": np.zeros(len(files), np.int32),
        "path": [_path(file) for file in files.tolist()],
        "fingerprint": [f"{file:032x}" for file in files.tolist()],
        "size": 10_000_000 + files * 7919 % 90_000_000,
        "mtime_ns": 1_600_000_000_000_000_000 + files * 1_000_000_000,
        "duration_s": np.full(len(files), FILE_CLIPS * CLIP_S),
        "width": _SIZES[kind, 0], "height": _SIZES[kind, 1], "codec": _CODECS[kind],
        "fps": np.full(len(files), 25.0),
        "taken": [_FIRST_DAY + timedelta(days=day, hours=12) for day in _day(files).tolist()],
    }  # fmt: skip


def _day(files: Ids) -> Ids:
    """The day of capture of each file: all `_DAYS` days in a mixed order."""
    return files * 997 % _DAYS


def _path(file: int) -> str:
    return "/".join((*_folders(file), f"{file:08d}.mp4"))


def _folders(number: int) -> tuple[str, str, str]:
    """Each digit of a number is a folder, so that each depth holds a tenth of the one above."""
    return f"camera-{number % 10}", f"day-{number // 10 % 10}", f"part-{number // 100 % 10}"
