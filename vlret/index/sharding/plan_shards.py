"""Media files to a plan of shards: their headers are read, nothing is decoded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from vlret.index.exclude import without_excluded
from vlret.index.filter import patterns_of
from vlret.index.manifest import IndexRecipe
from vlret.index.plan import Todo, make_plan
from vlret.index.requested_recipe import RequestedRecipe
from vlret.index.sharding.balance import Weight, balanced, seconds_of, total_cost
from vlret.index.sharding.plan import PlannedPart, PlannedSkip, ShardPlan
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.media.clips import count_clips, cut_step
from vlret.media.pool.read_headers import read_headers
from vlret.media.sources import find_media
from vlret.models.base import Embedder
from vlret.models.inputs import ordered
from vlret.remote_path import RemotePath
from vlret.types import as_path, check_count

_SECONDS_A_BYTE = 1 / 500_000  # 4 Mbit/s, where no header was read: files at addresses
SHARD_S = 1800.0
"""Seconds of video in a shard where nobody says how many shards there shall be."""


def plan_shards(
    sources: str | Path | Sequence[str | Path],
    n_shards: int | None = None,
    model: str | Embedder = "vljepa-mini",
    clips: str = "auto",
    n_frames: int | None = None,
    sampling: str = "midpoint",
    decoder: str = "auto",
    device: str = "auto",
    dtype: str = "auto",
    engine: str = "auto",
    exclude: Sequence[str] | str = (),
    index: str | Path | None = None,
    progress: bool = True,
) -> ShardPlan:
    """Divide the files of `sources` into `n_shards` shards of about equal length, or fewer where there is little.

    The same files give the same plan. Shards follow the order of the paths. Where a shard would end far inside of a
    long video, the video is cut between two windows; shots and cuts by meaning need the whole file, which stays whole.

    Args:
        sources, model, clips, n_frames, sampling, decoder, device, dtype, engine: as for `build_index`.
        n_shards: several for each worker: the work is shared more evenly, and a kill costs one at most. None: one for
            each `SHARD_S` seconds of video.
        exclude: files that are left out, as in `Filter.exclude`; the index keeps the list.
        index: only the files that this index does not have, or has in another state; its recipe must be the same.
        progress: show a bar on stderr when that is a terminal.

    Raises:
        UsageError: a source is not there, or an argument is not allowed.
        IndexFolderError: `index` was built with other settings, or is damaged.
        ModelError: the model cannot be loaded.
    """
    requested = RequestedRecipe(model, clips, n_frames, sampling, decoder, device, dtype, engine)
    requested.validate()
    if n_shards is not None:
        check_count(n_shards, "n_shards")
    given = [sources] if isinstance(sources, (str, Path)) else ordered(sources, "sources")
    found = find_media([as_path(source, "A source") for source in given])
    snapshot = Snapshot.read(Store(as_path(index, "The folder of the index"))) if index else None
    patterns = patterns_of(exclude) or (snapshot.manifest.exclude if snapshot else ())
    kept, _ = without_excluded(found, patterns)
    recipe = _recipe(requested, snapshot)
    plan = make_plan(kept, snapshot)
    durations = _durations(plan.todo, progress)
    weights = _weights(plan.todo, durations, recipe.clips)
    spans = balanced(weights, n_shards or math.ceil(total_cost(weights) / SHARD_S))
    shards = tuple(tuple(_part(plan.todo[n], start, end) for n, start, end in shard) for shard in spans)
    skipped = tuple(PlannedSkip(row.path, row.reason) for row in plan.skipped.values() if row.size < 0)
    seconds = tuple(round(seconds_of(shard, weights), 1) for shard in spans)
    unknown = tuple(
        str(item.path)
        for item, length in zip(plan.todo, durations, strict=True)
        if length is None and not isinstance(item.path, RemotePath)
    )
    return ShardPlan(recipe, plan.roots, shards, seconds, skipped, patterns, unknown)


def _recipe(requested: RequestedRecipe, snapshot: Snapshot | None) -> IndexRecipe:
    """That of the index, if it has clips; else as requested."""
    if snapshot is None or not snapshot.manifest.next_clip_id:
        embedder = requested.load(Path(), None)
        embedder.check_clips()
        return requested.recipe(embedder)
    recipe, folder = snapshot.manifest.recipe, snapshot.store.folder
    requested.check(folder, recipe)
    requested.load(folder, recipe)
    return recipe


def _durations(todo: Sequence[Todo], progress: bool) -> list[float | None]:
    """Seconds of each file by its header; None: it says nothing."""
    headers = tqdm(
        read_headers(item.path for item in todo), "headers", len(todo), unit="file", delay=1,
        disable=None if progress else True,
    )  # fmt: skip
    return [duration for _, duration in headers]


def _weights(todo: Sequence[Todo], durations: Sequence[float | None], rule: str) -> list[Weight]:
    """What each file costs; one whose header says nothing as much as its size lets expect."""
    known = [(length, item.file.size) for length, item in zip(durations, todo, strict=True) if length]
    seconds_a_byte = (
        sum(length for length, _ in known) / sum(size for _, size in known) if known else _SECONDS_A_BYTE
    )
    return [
        Weight(item.file.size * seconds_a_byte) if length is None else _weight(length, rule)
        for length, item in zip(durations, todo, strict=True)
    ]


def _weight(length_s: float, rule: str) -> Weight:
    step_s = cut_step(length_s, rule)
    return Weight(length_s, step_s, count_clips(length_s, rule) or 1) if step_s else Weight(length_s)


def _part(item: Todo, start: float, end: float | None) -> PlannedPart:
    return PlannedPart(item.file.root, item.file.path, start, end)
