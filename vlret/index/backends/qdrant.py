"""The back end of Qdrant: one adapter for a server and for Qdrant's engine in this process."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vlret.index.backends.address import Address
from vlret.index.backends.base import BackendInfo, Scores, check_unit
from vlret.index.backends.database_errors import clips_missing, other_dim
from vlret.index.backends.qdrant_settings import Payload
from vlret.index.backends.rows import vectors_of
from vlret.types import Ids, Vectors

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_FLOATS = 400_000
"""Of the vectors in a request: about 10 MB of JSON, of the 32 MB that a server takes."""
_MOST_IDS = 500_000
"""In a request: up to 10 MB of JSON."""


class Connection(Protocol):
    """What differs between a server and the engine in this process; all raise `DatabaseError`.

    `ids` are not negative; how many a call may hold is settled by the caller.
    """

    dim: int

    def upsert(self, ids: list[int], vectors: Vectors, payloads: list[Payload]) -> None:
        """Write points, durably."""

    def delete(self, ids: list[int]) -> None:
        """Delete points, durably; unknown ids are ignored."""

    def search(self, query: Vectors, k: int, only: list[int] | None, ef: int) -> list[tuple[float, int]]:
        """Scores and ids of the nearest `k`, by HNSW with `ef` candidates, or exact where `ef` is 0."""

    def page(self, first: int) -> tuple[list[int], int | None]:
        """The next ids, ascending, from `first` on, and the first of the next page."""

    def vectors(self, ids: list[int]) -> dict[int, Sequence[float]]:
        """The vectors of these points, as far as they are there."""

    def count(self) -> int:
        """Number of points."""

    def optimize(self, approximate: bool) -> None:
        """See `Database`."""

    def file_names(self) -> set[str]:
        """See `Database`."""

    def read_files(self, names: Collection[str]) -> dict[str, bytes]:
        """See `Database`."""

    def write_files(self, files: Mapping[str, bytes]) -> None:
        """See `Database`."""

    def remove_files(self, names: Collection[str]) -> None:
        """See `Database`."""

    def close(self) -> None:
        """End the connection."""


@dataclass(slots=True)
class QdrantDatabase:
    """A collection of Qdrant whose point ids are clip_ids; see `Database`.

    Attributes:
        address: where it is, without a password.
        dim: dimensions of its vectors.
        effort: candidates of a search (`hnsw_ef`); 0: every vector is compared.
        recall_at_10: as measured at this effort.
    """

    address: str
    dim: int
    connection: Connection
    effort: int = 0
    recall_at_10: float = 1.0
    efforts: Sequence[int] = (32, 64, 128, 256, 512, 1024)
    _count: int | None = field(default=None, init=False)

    @classmethod
    def open(cls, address: Address, dim: int | None = None) -> QdrantDatabase:
        """Open a collection.

        Args:
            address: `location` is the address of a server (`http://`, `https://`) or a directory.
            dim: dimensions of its vectors; it is created if it is missing. None: it must be there.

        Raises:
            DatabaseError: it is missing (`no_table`), holds other vectors (`other_dim`) or cannot be reached.
            MissingExtraError: the extra `qdrant` is not installed.
        """
        connection = _connected(address, dim)
        if dim not in (None, connection.dim):
            connection.close()
            raise other_dim(address, connection.dim, dim)
        return cls(address.shown, connection.dim, connection)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add clips without columns; see `SearchBackend`."""
        check_unit(vectors, self.dim)
        self._write(ids, vectors, [{}] * len(ids))

    def write(self, rows: pa.Table) -> None:
        """Write rows; those of clip_ids that are there are replaced. See `Database`."""
        vectors = vectors_of(rows, self.dim)
        payloads = rows.drop_columns(["clip_id", "vector"]).to_pylist()
        self._write(rows["clip_id"].to_numpy(), vectors, list(map(_payload, payloads)))

    def remove(self, ids: Ids) -> None:
        """Remove clips; unknown ids are ignored."""
        self._count = None
        for part in _parts(ids[ids >= 0], _MOST_IDS):
            self.connection.delete(part.tolist())

    def search(
        self, query: Vectors, k: int, only: Ids | None = None, exact: bool = False
    ) -> tuple[Scores, Ids]:
        """Cosines and clip_ids of the nearest clips, ties by clip_id; a long `only` is searched in parts."""
        check_unit(query[None], self.dim)
        ef = 0 if exact else self.effort
        parts = [None] if only is None else [part.tolist() for part in _parts(only[only >= 0], _MOST_IDS)]
        found = [pair for part in parts for pair in self.connection.search(query, k, part, ef)]
        scores = np.array([score for score, _ in found], np.float32)
        ids = np.array([clip_id for _, clip_id in found], np.int64)
        order = np.lexsort((ids, -scores))[:k]
        return scores[order], ids[order]

    def info(self) -> BackendInfo:
        """How it searches, and how many vectors it held when they were first counted after a change from here."""
        if self._count is None:
            self._count = self.connection.count()
        kind = f"Qdrant, HNSW, hnsw_ef {self.effort}" if self.effort else "Qdrant"
        return BackendInfo(kind, self._count, self.effort == 0, self.recall_at_10)

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors, float32 [n, dim], of clips, in the order of `ids`.

        Raises:
            DatabaseError: one is missing (`clips_missing`).
        """
        made = np.empty((len(ids), self.dim), np.float32)
        for start in range(0, len(ids), self._step):
            part = ids[start : start + self._step].tolist()
            found = self.connection.vectors(part)
            if not found.keys() >= set(part):
                raise clips_missing(self.address)
            made[start : start + len(part)] = [found[clip_id] for clip_id in part]
        return made

    def ids(self) -> Ids:
        """The clip_ids that are there, int64, ascending."""
        pages: list[list[int]] = []
        first: int | None = 0
        while first is not None:
            page, first = self.connection.page(first)
            pages.append(page)
        return np.concatenate([np.array(page, np.int64) for page in pages])

    def optimize(self, approximate: bool) -> None:
        """Merge segments and, if `approximate`, build their HNSW graphs and int8 codes; returns when that is done."""
        self.connection.optimize(approximate)

    def file_names(self) -> set[str]:
        """Names of the small files beside the rows."""
        return self.connection.file_names()

    def read_files(self, names: Collection[str]) -> dict[str, bytes]:
        """Small files by name; missing ones are left out."""
        return self.connection.read_files(names)

    def write_files(self, files: Mapping[str, bytes]) -> None:
        """Write small files, each whole or not at all."""
        self.connection.write_files(files)

    def remove_files(self, names: Collection[str]) -> None:
        """Remove small files."""
        self.connection.remove_files(names)

    def close(self) -> None:
        """End the connection."""
        self.connection.close()

    @property
    def _step(self) -> int:
        return max(1, _MOST_FLOATS // self.dim)

    def _write(self, ids: Ids, vectors: Vectors, payloads: list[Payload]) -> None:
        self._count = None
        for start in range(0, len(ids), self._step):
            part = slice(start, start + self._step)
            self.connection.upsert(ids[part].tolist(), vectors[part], payloads[part])


def _connected(address: Address, new_dim: int | None) -> Connection:
    if "://" in address.location:
        from vlret.index.backends.qdrant_server import QdrantServer

        return QdrantServer(address, new_dim)
    from vlret.index.backends.qdrant_folder import QdrantFolder

    return QdrantFolder(address, new_dim)


def _parts(ids: Ids, step: int) -> Iterator[Ids]:
    return (ids[start : start + step] for start in range(0, len(ids), step))


def _payload(row: Payload) -> Payload:
    """A row in the types of JSON; what is unknown is left out."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None
    }
