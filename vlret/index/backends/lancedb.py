"""LanceDB: tables in a directory or an object store, searched by this process without a server.

Written and read by the Lance library, which LanceDB is built on: LanceDB opens the same tables.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from vlret.errors import MissingExtraError
from vlret.index.backends.address import Address
from vlret.index.backends.base import BackendInfo, Scores, check_unit
from vlret.index.backends.database_errors import clips_missing, no_table, other_dim, refused
from vlret.index.backends.rows import rows_of, rows_schema, vectors_of
from vlret.index.ids import is_in
from vlret.types import Ids, Vectors

_FILES = pa.schema([("name", pa.string()), ("data", pa.large_binary())])
_INDEX = "vector"
_FRAGMENT_ROWS = 1 << 20
_MOST_FRAGMENTS = 50
"""Files of rows that a table may consist of; each push adds some."""
_MOST_STALE = 0.1
"""Share of deleted rows at which a table is compacted, and of rows that its approximate index lacks to be made anew."""
_REFINE = 4
"""Of so many times as many clips as asked for, which codes find, the exact cosines decide."""
_TAKEN = 20_000
"""Rows whose vectors are in memory at once."""
_KEPT = timedelta(minutes=10)
"""Old versions stay so long for searches that read them."""


class LanceDatabase:
    """One table of clips, `NAME.lance`, and one of small files, `NAME_files.lance`."""

    def __init__(self, folder: str, address: Address, dim: int) -> None:
        """`folder`: the absolute directory, or an address such as `s3://bucket/dir`, of tables that are there."""
        self.address, self.dim, self.effort, self.recall_at_10 = address.shown, dim, 0, 1.0
        self._rows = _Table(f"{folder}/{address.table}.lance")
        self._files = _Table(f"{folder}/{address.table}_files.lance")
        self._places: _Places | None = None

    @classmethod
    def open(cls, address: Address, dim: int | None = None) -> LanceDatabase:
        """The table of an address; see `vlret.index.backends.databases.open_database`."""
        _require_lance()
        folder = address.location
        if "://" not in folder:
            folder = str(Path(folder).expanduser().absolute())
        with _errors(address.shown):
            if dim is not None:
                _make(f"{folder}/{address.table}_files.lance", _FILES)
                _make(f"{folder}/{address.table}.lance", rows_schema(dim))
            rows, files = (_opened(f"{folder}/{address.table}{end}.lance") for end in ("", "_files"))
            if rows is None:
                raise no_table(address)
            if files is not None and files.schema != _FILES:
                raise other_dim(address, 0, dim)
            found = rows.schema.field("vector").type.list_size if "vector" in rows.schema.names else 0
            if rows.schema != rows_schema(dim or found):
                raise other_dim(address, found, dim)
        return cls(folder, address, found)

    @property
    def efforts(self) -> Sequence[int]:
        """The partitions that a search looks into: powers of two up to all."""
        n_partitions = _n_partitions(self.info().n_vectors)
        return sorted({*(2**n for n in range(n_partitions.bit_length())), n_partitions})

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add clips; see `SearchBackend`."""
        self.write(rows_of(ids, vectors, self.dim))

    def write(self, rows: pa.Table) -> None:
        """Write rows; see `Database`."""
        vectors_of(rows, self.dim)
        self._upsert(self._rows, "clip_id", rows)

    def remove(self, ids: Ids) -> None:
        """Remove the clips of these ids."""
        with _errors(self.address):
            gone = pa.table({"clip_id": pa.array(ids, pa.int64())})
            _merge(self._rows.latest, "clip_id").when_matched_delete().execute(gone)

    def search(
        self, query: Vectors, k: int, only: Ids | None = None, exact: bool = False
    ) -> tuple[Scores, Ids]:
        """Cosines and clip_ids of the nearest clips; see `SearchBackend`."""
        check_unit(query[None], self.dim)
        exact = exact or self.effort == 0
        with _errors(self.address):
            if only is None:
                return self._nearest(query, k, exact)
            return self._compared(query, k, only) if exact else self._filtered(query, k, only)

    def _nearest(self, query: Vectors, k: int, exact: bool) -> tuple[Scores, Ids]:
        how: dict[str, Any] = {"use_index": False}
        if not exact:
            how = {"nprobes": self.effort, "refine_factor": _REFINE}
        nearest = {"column": "vector", "q": query, "k": k, "metric": "dot", **how}
        found = self._rows.latest.to_table(columns=["clip_id", "_distance"], nearest=nearest)
        scores, ids = 1 - found["_distance"].to_numpy(), found["clip_id"].to_numpy()
        order = np.lexsort((ids, -scores))
        return scores[order], ids[order]

    def _filtered(self, query: Vectors, k: int, only: Ids) -> tuple[Scores, Ids]:
        """The k nearest of `only` among ever more of the nearest: a filter by so many ids takes Lance seconds."""
        n_rows = self.info().n_vectors
        fetch = 2 * k * max(1, n_rows // max(1, len(only)))
        while fetch < min(n_rows, _TAKEN):
            scores, ids = self._nearest(query, fetch, exact=False)
            kept = is_in(ids, only)
            if kept.sum() >= k:
                return scores[kept][:k], ids[kept][:k]
            fetch *= 4
        return self._compared(query, k, only)

    def _compared(self, query: Vectors, k: int, only: Ids) -> tuple[Scores, Ids]:
        """The k nearest of `only`, all of which are compared."""
        places = self._current_places()
        known = only[is_in(only, places.ids)]
        scores = np.empty(len(known), np.float32)
        for start in range(0, len(known), _TAKEN):
            part = slice(start, start + _TAKEN)
            scores[part] = places.vectors(known[part]) @ query
        order = np.lexsort((known, -scores))[:k]
        return scores[order], known[order]

    def info(self) -> BackendInfo:
        """How it searches, and how many vectors it holds."""
        kind = "LanceDB" if self.effort == 0 else f"LanceDB {_index_type(self.dim)}, nprobes {self.effort}"
        with _errors(self.address):
            return BackendInfo(
                kind,
                self._rows.latest.count_rows(),
                self.effort == 0,
                self.recall_at_10 if self.effort else 1.0,
            )

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors of clips; see `Database`."""
        vectors = np.empty((len(ids), self.dim), np.float32)
        with _errors(self.address):
            places = self._current_places()
            if not is_in(ids, places.ids).all():
                raise clips_missing(self.address)
            for start in range(0, len(ids), _TAKEN):
                part = slice(start, start + _TAKEN)
                vectors[part] = places.vectors(ids[part])
        return vectors

    def ids(self) -> Ids:
        """The clip_ids that are there, int64, ascending."""
        with _errors(self.address):
            return self._current_places().ids

    def _current_places(self) -> _Places:
        rows, places = self._rows.latest, self._places
        if places is None or places.version != rows.version:
            self._places = places = _Places.of(rows)
        return places

    def optimize(self, approximate: bool) -> None:
        """Compact the table where it is in many pieces, and make the approximate index where it lacks many rows."""
        with _errors(self.address):
            rows, n_rows = self._rows.latest, self.info().n_vectors
            if _is_scattered(rows):
                for index in (
                    rows.describe_indices()
                ):  # moving rows within an index has been a source of bugs in Lance
                    rows.drop_index(index.name)
                rows.optimize.compact_files(
                    target_rows_per_fragment=_FRAGMENT_ROWS, num_threads=1, batch_size=8192
                )
            if approximate and n_rows - _n_indexed(rows) > _MOST_STALE * n_rows:
                rows.create_index(
                    "vector", _index_type(self.dim), name=_INDEX, metric="dot", num_partitions=_n_partitions(n_rows),
                    replace=True,
                )  # fmt: skip
            rows.cleanup_old_versions(_KEPT)
            if len(self._files.latest.get_fragments()) > 1:
                self._files.latest.optimize.compact_files(num_threads=1)
            self._files.latest.cleanup_old_versions(_KEPT)

    def file_names(self) -> set[str]:
        """The names of the small files."""
        with _errors(self.address):
            return set(self._files.latest.to_table(columns=["name"])["name"].to_pylist())

    def read_files(self, names: Collection[str]) -> dict[str, bytes]:
        """Small files by name."""
        quoted = ", ".join("'{}'".format(name.replace("'", "''")) for name in names)
        if not quoted:
            return {}
        with _errors(self.address):
            found = self._files.latest.to_table(filter=f"name IN ({quoted})")
        return dict(zip(found["name"].to_pylist(), found["data"].to_pylist(), strict=True))

    def write_files(self, files: Mapping[str, bytes]) -> None:
        """Write small files."""
        self._upsert(self._files, "name", pa.table([list(files), list(files.values())], schema=_FILES))

    def remove_files(self, names: Collection[str]) -> None:
        """Remove small files."""
        with _errors(self.address):
            gone = pa.table({"name": pa.array(names, pa.string())})
            _merge(self._files.latest, "name").when_matched_delete().execute(gone)

    def close(self) -> None:
        """Nothing is held open."""

    def _upsert(self, table: _Table, key: str, rows: pa.Table) -> None:
        with _errors(self.address):
            merge = _merge(table.latest, key)
            merge.when_matched_update_all().when_not_matched_insert_all().execute(rows)


class _Table:
    """A Lance table; each look at `latest` sees what other processes have written."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._open: Any = None

    @property
    def latest(self) -> Any:
        """The `lance.LanceDataset` of the newest version."""
        if self._open is None or self._open.latest_version != self._open.version:
            session = (
                None if self._open is None else self._open.session()
            )  # keeps what is cached of the index
            self._open = _opened(self._uri, session)
        if self._open is None:
            raise ValueError(f"{self._uri} is gone")
        return self._open


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the clips of one version are: `ids` ascending, int64 [n], `offsets` their positions in `rows`.

    `version` is a copy, as writing changes the version of `rows` itself.
    """

    rows: Any
    version: int
    ids: Ids
    offsets: Ids

    @classmethod
    def of(cls, rows: Any) -> _Places:
        """Those of a `lance.LanceDataset`."""
        ids = rows.to_table(columns=["clip_id"])["clip_id"].to_numpy()
        order = np.argsort(ids, kind="stable")
        return cls(rows, rows.version, ids[order], order)

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors of clips that are there."""
        if not len(ids):
            return np.empty((0, self.rows.schema.field("vector").type.list_size), np.float32)
        offsets = self.offsets[np.searchsorted(self.ids, ids)]
        column = self.rows.take(pa.array(offsets), columns=["vector"])["vector"].combine_chunks()
        vectors: Vectors = column.flatten().to_numpy().reshape(len(ids), -1)
        return vectors


def _merge(table: Any, key: str) -> Any:
    """Without an index of the key: with one, rows that are there have been missed after a compaction."""
    return table.merge_insert(key).use_index(False)


def _index_type(dim: int) -> str:
    """RaBitQ takes a bit a number, and wants a multiple of eight."""
    return "IVF_RQ" if dim % 8 == 0 else "IVF_SQ"


def _n_partitions(n_rows: int) -> int:
    return max(1, int(n_rows**0.5))


def _n_indexed(rows: Any) -> int:
    return sum(index.num_rows_indexed for index in rows.describe_indices())


def _is_scattered(rows: Any) -> bool:
    fragments = rows.get_fragments()
    n_deleted = sum(fragment.num_deletions for fragment in fragments)
    return len(fragments) > _MOST_FRAGMENTS or n_deleted > _MOST_STALE * rows.count_rows()


def _opened(uri: str, session: Any = None) -> Any:
    """The `lance.LanceDataset` at `uri`; None: there is none."""
    import lance

    try:
        table = lance.dataset(uri, session=session, storage_options=_storage_options(uri))
    except ValueError as error:
        if "not found" in str(error):
            return None
        raise
    if table.base_paths():  # a stranger's could name any host
        raise ValueError("the table names files outside of its directory")
    return table


def _make(uri: str, schema: pa.Schema) -> None:
    """Make the table at `uri` if it is missing."""
    import lance

    if _opened(uri) is None:
        lance.write_dataset(schema.empty_table(), uri, storage_options=_storage_options(uri))


def _storage_options(uri: str) -> dict[str, str] | None:
    """Lance reads the usual variables (AWS_..., GOOGLE_...), but wants to be told of a server without encryption."""
    plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
    return {"allow_http": "true"} if uri.startswith("s3://") and plain else None


def _require_lance() -> None:
    if find_spec("lance") is None:
        raise MissingExtraError(
            "LanceDB needs the package pylance.",
            "Run: pip install 'vlret[lancedb]'",
            code="missing_package",
            package="pylance",
        )


@contextmanager
def _errors(address: str) -> Iterator[None]:
    """Turn Lance's errors into `DatabaseError`."""
    try:
        yield
    except (OSError, ValueError, RuntimeError, pa.ArrowException) as error:
        message = re.sub(r", /\S+\.rs:\d+:\d+", "", str(error))  # where in Lance's sources
        raise refused(address, OSError(message)) from error
