"""Makes the columns of an index by streaming over its shards; what the last ones hold is not read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vlret.index.clip_columns import ClipColumns, ShardRows
from vlret.index.columns_table import FILES, file_arrays
from vlret.index.manifest import FileEntry, Manifest
from vlret.index.snapshot import read_clips
from vlret.index.store import Store
from vlret.index.tables import DROPPED
from vlret.index.unique_files import unique_files
from vlret.types import Ids


@dataclass(frozen=True, slots=True)
class _Part:
    """Live clips of one shard or several: `files` are rows of `table`, a table of `FILES`."""

    clip_ids: Ids
    files: Ids
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    table: pa.Table
    shards: list[ShardRows]


def build_columns(store: Store, manifest: Manifest, last: ClipColumns | None = None) -> ClipColumns:
    """The columns of the live clips of this revision; one shard is read at a time.

    Args:
        last: those of an earlier revision: shards that it knows are not read.

    Raises:
        FileNotFoundError: a table is gone (a later revision may have replaced it).
        IndexFolderError: a shard is damaged.
    """
    dropped = np.empty(0, np.int64)
    if manifest.dropped:
        dropped = store.read_table(manifest.dropped, DROPPED)["clip_id"].to_numpy()
    parts = [_EMPTY, *_parts(store, manifest, np.sort(dropped), last)]
    table, numbers = unique_files(pa.concat_tables([part.table for part in parts]))
    first_rows = np.cumsum([0, *(len(part.table) for part in parts)])
    files = np.concatenate([numbers[part.files + n] for part, n in zip(parts, first_rows, strict=False)])
    arrays = {
        "clip_id": np.concatenate([part.clip_ids for part in parts]),
        "file": files.astype(np.int32),
        "start": np.concatenate([part.starts for part in parts]),
        "end": np.concatenate([part.ends for part in parts]),
        "by_file": np.argsort(files, kind="stable").astype(np.int32),
        "by_file.end": np.bincount(files, minlength=len(table)).cumsum(),
        "same_bytes": _firsts(table["fingerprint"].combine_chunks()),
        **file_arrays(table),
    }
    return ClipColumns(arrays, [shard for part in parts for shard in part.shards])


def _parts(store: Store, manifest: Manifest, dropped: Ids, last: ClipColumns | None) -> Iterator[_Part]:
    known = _Known(last, dropped) if last else None
    same: list[ShardRows] = []
    next_id = 0
    for entry in manifest.shards:
        shard = known and known.shard(entry, next_id)
        if shard:
            same.append(shard)
        else:
            if known and same:
                yield known.part(same)
            same = []
            part = _read(store, manifest, entry, next_id, dropped)
            (shard,) = part.shards
            yield part
        next_id = shard.next_id
    if known and same:
        yield known.part(same)


def _read(store: Store, manifest: Manifest, entry: FileEntry, next_id: int, dropped: Ids) -> _Part:
    clips = read_clips(store, manifest, entry, next_id)
    all_ids = clips["clip_id"].to_numpy()
    clips = clips.filter(pa.array(~np.isin(all_ids, dropped)))
    table, files = unique_files(clips.select(FILES.names))
    ids, starts, ends = (clips[name].to_numpy() for name in ("clip_id", "start", "end"))
    first, behind = (int(all_ids[0]), int(all_ids[-1]) + 1) if len(all_ids) else (next_id, next_id)
    return _Part(
        ids, files, starts, ends, table, [ShardRows(entry.sha256, entry.rows, first, behind, len(ids))]
    )


class _Known:
    """What the columns of an earlier revision tell of this one."""

    def __init__(self, last: ClipColumns, dropped: Ids) -> None:
        self._last, self._dropped = last, dropped
        self._is_live = ~np.isin(last.clip_ids, dropped)
        ends = np.cumsum([shard.live for shard in last.shards])
        self._spans = {
            shard.sha256: (shard, range(int(end) - shard.live, int(end)))
            for shard, end in zip(last.shards, ends, strict=True)
        }

    def shard(self, entry: FileEntry, next_id: int) -> ShardRows | None:
        """The clips of a shard that are live now; None: it must be read."""
        shard, span = self._spans.get(entry.sha256, (None, range(0)))
        if shard is None or shard.rows != entry.rows or shard.first_id < next_id:
            return None
        n_live = int(self._is_live[span.start : span.stop].sum())
        first, behind = np.searchsorted(self._dropped, [shard.first_id, shard.next_id])
        if n_live != shard.rows - (behind - first):  # a clip is live again
            return None
        return replace(shard, live=n_live)

    def part(self, shards: Sequence[ShardRows]) -> _Part:
        """The live clips of these shards."""
        last = self._last
        spans = [self._spans[shard.sha256][1] for shard in shards]
        places = np.concatenate([np.arange(span.start, span.stop) for span in spans])
        places = places[self._is_live[places]]
        is_used = np.bincount(last.files[places], minlength=last.n_files) > 0
        numbers = is_used.cumsum() - 1
        table = last.file_table.filter(pa.array(is_used))
        return _Part(
            last.clip_ids[places], numbers[last.files[places]], last.starts[places], last.ends[places], table,
            list(shards),
        )  # fmt: skip


def _firsts(values: pa.Array) -> NDArray[np.int32]:
    """For each value the first row that has the same."""
    _, firsts, codes = np.unique(values.dictionary_encode().indices, return_index=True, return_inverse=True)
    return firsts[codes].astype(np.int32)


_EMPTY = _Part(
    np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0), FILES.empty_table(), []
)
