"""Reads the metadata of files that were indexed by a vlret that did not store it; nothing is encoded again."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias, cast

import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

from vlret.index.manifest import FileEntry, Manifest
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.tables import METADATA, metadata_values, shard_schema
from vlret.media.pool import DecodeJob, DecodePool, Event, FileDone

Place: TypeAlias = tuple[int, str]
"""Root and path of a row."""


def fill_metadata(
    snapshot: Snapshot, paths: Collection[Path], pool: DecodePool, progress: bool = False
) -> int:
    """Fill the empty metadata of the files at `paths`; the number of files that now have it.

    Needs the folder's lock. Each shard is replaced by one with the same rows and clip_ids, and committed: a kill
    costs the reading of one shard's files. A file that cannot be read any more is tried again by the next run.
    """
    store, manifest, n_filled = snapshot.store, snapshot.manifest, 0
    empty = _empty(snapshot, paths)
    schema = shard_schema(manifest.recipe.card.dim)
    with tqdm(desc="metadata", total=len(empty), delay=1, disable=None if progress else True) as bar:
        for entry in manifest.shards if empty else ():
            here = dict.fromkeys(_places(store.read_table(entry, schema, ["root", "path"])))
            values = dict(_read({place: empty[place] for place in here if place in empty}, pool, bar))
            if values:
                manifest = _replace(store, manifest, entry, _filled(store.read_table(entry, schema), values))
                n_filled += len(values)
    return n_filled


def _empty(snapshot: Snapshot, paths: Collection[Path]) -> dict[Place, Path]:
    """The files without metadata among `paths`, with their absolute path; every file that was read has a width."""
    places = dict.fromkeys(_places(snapshot.table.filter(pc.is_null(snapshot.table["width"]))))
    found = {place: snapshot.absolute(*place) for place in places}
    return {place: path for place, path in found.items() if path in paths}


def _read(files: dict[Place, Path], pool: DecodePool, bar: tqdm[Any]) -> Iterable[tuple[Place, list[object]]]:
    """The values of `METADATA` of each file that can be read; no frame but the first is decoded."""
    jobs = {DecodeJob(path, "whole", 1, within=(0.0, 0.0)): place for place, path in files.items()}
    with closing(cast("Generator[Event]", pool.run(jobs))) as events:
        for event in events:
            bar.update()
            if isinstance(event, FileDone):
                yield jobs[event.job], metadata_values(event.info)


def _filled(table: pa.Table, values: dict[Place, list[object]]) -> pa.Table:
    nothing = metadata_values(None)
    columns = zip(*(values.get(place, nothing) for place in _places(table)), strict=True)
    for field, column in zip(METADATA, columns, strict=True):
        filled = pc.coalesce(table[field.name], pa.array(column, field.type))
        table = table.set_column(table.schema.get_field_index(field.name), field, filled)
    return table


def _replace(store: Store, manifest: Manifest, old: FileEntry, table: pa.Table) -> Manifest:
    new, number = store.write_table("shards", manifest.next_shard, table, manifest.id)
    shards = tuple(new if entry == old else entry for entry in manifest.shards)
    after = manifest.next(shards=shards, next_shard=number)
    store.replace(manifest, after)
    return after


def _places(rows: pa.Table) -> list[Place]:
    return list(zip(rows["root"].to_pylist(), rows["path"].to_pylist(), strict=True))
