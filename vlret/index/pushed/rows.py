"""The rows of an index on their way into a database, and which of them it lacks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from vlret.index.backends.rows import COLUMN_TYPES, rows_of
from vlret.index.clip_columns import ClipColumns
from vlret.index.file_paths import FilePaths
from vlret.index.filter_table import PER_CLIP, file_columns
from vlret.index.ids import is_in
from vlret.index.manifest import Manifest
from vlret.index.stored_vectors import StoredVectors
from vlret.types import Ids

_BATCH_BYTES = 32 << 20


def rows_state(manifest: Manifest) -> str:
    """A hash of all that the rows are made of."""
    return hashlib.sha256(json.dumps([manifest.rows_key, manifest.roots]).encode()).hexdigest()


class PushedColumns:
    """The columns of the clips of one revision as databases keep them."""

    def __init__(self, columns: ClipColumns, roots: tuple[str, ...]) -> None:
        paths = FilePaths(roots, columns.roots, columns.file_table["path"].combine_chunks())
        self._columns = columns
        self._files = file_columns(columns.file_table, paths.absolute, None)

    def of(self, ids: Ids) -> pa.Table:
        """The columns of clips, int64 [n], that are there."""
        places = np.searchsorted(self._columns.clip_ids, ids)
        files = self._files.take(pa.array(self._columns.files[places]))
        per_clip = {"start": self._columns.starts[places], "end": self._columns.ends[places]}
        return pa.table({name: per_clip[name] if name in PER_CLIP else files[name] for name in COLUMN_TYPES})

    def hashes(self, ids: Ids) -> NDArray[np.uint64]:
        """A hash of the columns of each clip, uint64 [n]."""
        places = np.searchsorted(self._columns.clip_ids, ids)
        table = {"start": self._columns.starts[places], "end": self._columns.ends[places]}
        of_files = _hashes(self._files.to_pandas())
        return _hashes(pd.DataFrame({**table, "file": of_files[self._columns.files[places]]}))


def _hashes(table: pd.DataFrame) -> NDArray[np.uint64]:
    return np.asarray(pd.util.hash_pandas_object(table, index=False), np.uint64)


def changed_ids(old: PushedColumns, new: PushedColumns, both: Ids) -> Ids:
    """Those of the clips of `both` revisions, int64 [n], whose columns differ: a file was moved, or measured."""
    changed: Ids = both[old.hashes(both) != new.hashes(both)]
    return changed


def batches(live: StoredVectors, columns: PushedColumns, wanted: Ids) -> Iterator[pa.Table]:
    """The rows of some clips, int64 [n] ascending, in order of clip_id, a few ten MB at a time."""
    n_rows = max(1, _BATCH_BYTES // (4 * live.dim))
    for entry in live.manifest.shards:
        if not is_in(live.ids_in([entry]), wanted).any():
            continue
        ((ids, vectors),) = live.read([entry])
        places = np.flatnonzero(is_in(ids, wanted))
        for start in range(0, len(places), n_rows):
            part = places[start : start + n_rows]
            yield rows_of(ids[part], vectors[part], live.dim, columns.of(ids[part]))
