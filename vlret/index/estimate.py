"""What an index run would do, and about how long it would take: nothing is written."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from vlret.errors import UsageError
from vlret.index.build import open_folder, require_same_library
from vlret.index.encode import FileEncoded
from vlret.index.encode_files import FileToEncode, encode_files
from vlret.index.exclude import without_excluded
from vlret.index.filter import patterns_of
from vlret.index.manifest import IndexRecipe
from vlret.index.plan import Todo, make_plan
from vlret.index.requested_recipe import RequestedRecipe
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.writer import SHARD_CLIPS
from vlret.media.clips import count_clips
from vlret.media.pool import DecodePool
from vlret.media.pool.read_headers import read_headers
from vlret.media.sources import Found, find_media
from vlret.models.base import Embedder
from vlret.remote_path import RemotePath

N_VIDEOS, N_IMAGES = 4, 16
"""Files of each kind that are encoded to measure the speed, for each decode process."""
_MOST_S = 300.0  # of a video that is longer
_ROW_BYTES, _SHARD_BYTES = 25, 5000  # of a row beside its vector, of a shard beside its rows (measured)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would add to the index in `index`.

    `videos` and `images` are new or changed files, `hours` the length of the videos by their headers, `unknown` the
    files whose header says nothing; `unchanged` stay as they are. `clips`, `bytes` (on disk, with the view) and
    `seconds` are estimates: `n_sampled` files were encoded to measure the speed, at `speed` times real time
    (None: no video was). `seconds` is None where no file could be encoded.
    """

    index: Path
    videos: int
    images: int
    unknown: int
    unchanged: int
    hours: float
    clips: int
    bytes: int
    seconds: float | None
    speed: float | None
    n_sampled: int

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON values, paths as `Path`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Measured:
    """Files that were encoded: how many, their seconds of video and clips, and the time that it took."""

    n_files: int
    video_s: float
    n_clips: int
    wall_s: float


def estimate_index(
    sources: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    model: str | Embedder = "vljepa-mini",
    clips: str = "auto",
    n_frames: int | None = None,
    sampling: str = "midpoint",
    decoder: str = "auto",
    workers: int = 1,
    device: str = "auto",
    dtype: str = "auto",
    engine: str = "auto",
    progress: bool = True,
    exclude: Sequence[str] | str | None = None,
) -> Estimate:
    """Read the headers of the files that `build_index` would encode, and encode some of them.

    Arguments and errors are those of `build_index`.
    """
    requested = RequestedRecipe(model, clips, n_frames, sampling, decoder, device, dtype, engine)
    requested.validate()
    excluded = None if exclude is None else patterns_of(exclude)
    paths, store = open_folder(sources, out)
    found = find_media(paths)
    if not out and store.exists:
        require_same_library(store, found)
    if excluded is None:
        excluded = store.read_manifest().exclude if store.exists else ()
    return _estimate(store, requested, without_excluded(found, excluded)[0], workers, progress)


def _estimate(
    store: Store, requested: RequestedRecipe, found: Found, workers: int, progress: bool
) -> Estimate:
    snapshot = Snapshot.read(store) if store.exists else None
    made = snapshot.manifest.recipe if snapshot and snapshot.manifest.next_clip_id else None
    if made:
        requested.check(store.folder, made)
    plan = make_plan(found, snapshot)
    todo = {item.path: item for item in plan.todo}
    if any(isinstance(path, RemotePath) for path in todo):
        raise _at_addresses()
    if not todo:
        return Estimate(store.folder, 0, 0, 0, plan.n_unchanged, 0.0, 0, 0, 0.0, None, 0)
    bar = tqdm(
        read_headers(todo), "headers", len(todo), unit="file", delay=1, disable=None if progress else True
    )
    durations = dict(bar)
    videos = {path: length for path, length in durations.items() if length}
    images = [path for path, length in durations.items() if length == 0]
    started_s = time.monotonic()
    embedder = requested.load(store.folder, made)
    embedder.check_clips()
    recipe = requested.recipe(embedder)
    with DecodePool(workers) as pool:
        _warm_up(embedder, recipe, pool)
        load_s = time.monotonic() - started_s
        of_videos = _measure(_some_videos(videos, recipe, todo, workers), recipe, embedder, pool, workers)
        of_images = _measure(_some(images, N_IMAGES * workers, todo), recipe, embedder, pool, workers)
    total_s = sum(videos.values())
    clips = _clips(videos, recipe.clips, of_videos) + len(images)
    return Estimate(
        store.folder, len(videos), len(images), len(todo) - len(videos) - len(images), plan.n_unchanged,
        total_s / 3600, clips, _bytes(clips, embedder.card.dim),
        seconds=_seconds(load_s, total_s, len(images), of_videos, of_images),
        speed=of_videos.video_s / of_videos.wall_s if of_videos.video_s else None,
        n_sampled=of_videos.n_files + of_images.n_files,
    )  # fmt: skip


def _at_addresses() -> UsageError:
    return UsageError(
        "Files at addresses are not estimated: their headers would have to be fetched.",
        "Copy some of them to this machine and estimate those.",
        code="estimate_of_addresses",
    )


def _warm_up(embedder: Embedder, recipe: IndexRecipe, pool: DecodePool) -> None:
    """What the first clip alone would pay for: starting the decoders, loading the model."""
    pool.start()
    embedder.load()
    side = embedder.card.resolution
    embedder.predict(embedder.encode_pixels([np.zeros((recipe.n_frames, side, side, 3), np.uint8)]))


def _some_videos(
    videos: dict[Path, float], recipe: IndexRecipe, todo: dict[Path, Todo], workers: int
) -> list[FileToEncode]:
    """Some of the videos, not the long ones where there are others."""
    short = [path for path, length in videos.items() if length <= _MOST_S]
    paths = short or sorted(videos, key=lambda path: videos[path])[:1]
    within = None if count_clips(1.0, recipe.clips) is None else (0.0, _MOST_S)
    return _some(paths, N_VIDEOS * workers, todo, within)


def _some(
    paths: Sequence[Path], n: int, todo: dict[Path, Todo], within: tuple[float, float] | None = None
) -> list[FileToEncode]:
    chosen = random.Random(0).sample(sorted(paths), min(n, len(paths)))
    files = [todo[path].file for path in chosen]
    return [
        FileToEncode(path, file.size, file.mtime_ns, within) for path, file in zip(chosen, files, strict=True)
    ]


def _measure(
    files: list[FileToEncode], recipe: IndexRecipe, embedder: Embedder, pool: DecodePool, workers: int
) -> _Measured:
    started_s = time.monotonic()
    with closing(encode_files(files, recipe, embedder, pool, workers)) as events:
        done = [event for event in events if isinstance(event, FileEncoded)]
    is_cut = any(file.within for file in files)
    seconds = sum(min(event.duration_s, _MOST_S) if is_cut else event.duration_s for event in done)
    return _Measured(
        len(done), seconds, sum(len(event.clips) for event in done), time.monotonic() - started_s
    )


def _clips(videos: dict[Path, float], rule: str, measured: _Measured) -> int:
    if count_clips(1.0, rule) is not None:
        return sum(count_clips(length, rule) or 0 for length in videos.values())
    rate_hz = measured.n_clips / measured.video_s if measured.video_s else 0.0
    return round(rate_hz * sum(videos.values()))


def _bytes(n_clips: int, dim: int) -> int:
    """Shards in float16 and the view in float32."""
    shards = -(-n_clips // SHARD_CLIPS) * _SHARD_BYTES
    return shards + n_clips * (2 * dim + _ROW_BYTES + 4 * dim + 8)


def _seconds(
    load_s: float, total_s: float, n_images: int, of_videos: _Measured, of_images: _Measured
) -> float | None:
    if not (of_videos.n_files or of_images.n_files):
        return None
    videos_s = total_s * of_videos.wall_s / of_videos.video_s if of_videos.video_s else 0.0
    images_s = n_images * of_images.wall_s / of_images.n_files if of_images.n_files else 0.0
    return load_s + videos_s + images_s
