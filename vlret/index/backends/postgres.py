"""PostgreSQL with pgvector."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from vlret.errors import DatabaseError
from vlret.index.backends.address import Address
from vlret.index.backends.base import BackendInfo, Scores, check_unit
from vlret.index.backends.database_errors import clips_missing, no_table, other_dim, refused
from vlret.index.backends.postgres_connections import Connections, connection_settings
from vlret.index.backends.postgres_tables import (
    found_dim,
    make_graph,
    make_tables,
    read_ids,
    read_vectors,
    require_pgvector,
    statement,
    upsert,
)
from vlret.index.backends.rows import rows_of, vectors_of
from vlret.text import printable
from vlret.types import Ids, Vectors

Result = TypeVar("Result")
_EFFORTS = (32, 64, 128, 256, 512, 1000)
"""Candidates that a search of the graph keeps (hnsw.ef_search); pgvector takes 1,000 at most."""
_MOST_DIM = 4000
"""Of an HNSW graph of float16 vectors; searches of longer ones are exact."""
_TAKEN = 20_000
"""Rows whose vectors are asked for at once."""
_LOCK_SECONDS = 5
"""A push that was killed may hold its lock so long."""


class PostgresDatabase:
    """One table of clips, `NAME`, and one of small files, `NAME_files`."""

    def __init__(self, address: Address, dim: int, readers: Connections, writer: Connections) -> None:
        """Of tables that are there; `open` is for callers."""
        self.address, self.dim, self.effort, self.recall_at_10 = address.shown, dim, 0, 1.0
        self._table, self._readers, self._writer = address.table, readers, writer
        self._n_vectors: int | None = None

    @classmethod
    def open(cls, address: Address, dim: int | None = None) -> PostgresDatabase:
        """The table of an address; see `vlret.index.backends.databases.open_database`."""
        settings = connection_settings(address)
        readers = Connections(settings)
        writer = Connections(settings, lambda connection: _become_writer(connection, address))

        def opened(connection: Any) -> int:
            require_pgvector(connection, address, may_create=dim is not None)
            found = found_dim(connection, address)
            if found is None and dim is not None:
                make_tables(connection, address.table, dim)
                found = found_dim(connection, address)
            if found is None:
                raise no_table(address)
            if dim not in (None, found):
                raise other_dim(address, found, dim)
            return found

        with _errors(address.shown):
            return cls(address, readers.run(opened), readers, writer)

    @property
    def efforts(self) -> Sequence[int]:
        """Candidates that a search of the graph keeps."""
        return _EFFORTS if self.dim <= _MOST_DIM else ()

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add clips; see `SearchBackend`."""
        self.write(rows_of(ids, vectors, self.dim))

    def write(self, rows: pa.Table) -> None:
        """Write rows in one transaction; see `Database`."""
        vectors = vectors_of(rows, self.dim)
        self._write(lambda connection: upsert(connection, self._table, rows, vectors))

    def remove(self, ids: Ids) -> None:
        """Remove the clips of these ids, in one transaction."""
        self._change("DELETE FROM {table} WHERE clip_id = ANY(%s::bigint[])", [ids.tolist()])

    def search(
        self, query: Vectors, k: int, only: Ids | None = None, exact: bool = False
    ) -> tuple[Scores, Ids]:
        """Cosines and clip_ids of the nearest clips; see `SearchBackend`."""
        check_unit(query[None], self.dim)
        values = {"query": str(query.tolist()), "k": k, "only": None if only is None else only.tolist()}
        found: list[tuple[int, float]] = []
        if self.effort and not exact:
            found = self._read(lambda connection: self._approximate(connection, values))
        if len(found) < k:  # so many do not exist, or the graph did not lead to them
            found = self._read(lambda connection: self._exact(connection, values))
        return np.array([score for _, score in found], np.float32), np.array([i for i, _ in found], np.int64)

    def _exact(self, connection: Any, values: dict[str, Any]) -> list[tuple[int, float]]:
        """No index finds the nearest by a sum (+ 0), so that every vector is compared."""
        query = (
            f"SELECT clip_id, -(vector <#> %(query)s::vector) FROM {{table}} {_where(values)}"
            " ORDER BY (vector <#> %(query)s::vector) + 0, clip_id LIMIT %(k)s"
        )
        found: list[tuple[int, float]] = connection.execute(
            statement(query, self._table), values, prepare=False
        ).fetchall()
        return found

    def _approximate(self, connection: Any, values: dict[str, Any]) -> list[tuple[int, float]]:
        """By the graph of float16 vectors, then in order of the exact cosines.

        The graph is searched on (`iterative_scan`) while a filter leaves too few.
        """
        half = f"halfvec({self.dim:d})"
        query = (
            "SELECT clip_id, -(vector <#> %(query)s::vector) AS score FROM"
            f" (SELECT clip_id, vector FROM {{table}} {_where(values)}"
            f" ORDER BY (vector::{half}) <#> %(query)s::vector::{half} LIMIT %(k)s) AS near"
            " ORDER BY score DESC, clip_id"
        )
        settings = (
            "SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.iterative_scan', %s, true)"
        )
        with connection.transaction():
            connection.execute(settings, [str(self.effort), "relaxed_order"])
            found: list[tuple[int, float]] = connection.execute(
                statement(query, self._table), values, prepare=False
            ).fetchall()
        return found

    def info(self) -> BackendInfo:
        """How it searches, and how many vectors it holds: counted once, and again after writing."""
        kind = "pgvector" if self.effort == 0 else f"pgvector HNSW, ef_search {self.effort}"
        if self._n_vectors is None:
            ((self._n_vectors,),) = self._rows("SELECT count(*) FROM {table}")
        return BackendInfo(kind, self._n_vectors, self.effort == 0, self.recall_at_10 if self.effort else 1.0)

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors of clips; see `Database`."""
        vectors = np.empty((len(ids), self.dim), np.float32)
        for start in range(0, len(ids), _TAKEN):
            part = slice(start, start + _TAKEN)
            vectors[part] = self._vectors_of(ids[part])
        return vectors

    def _vectors_of(self, ids: Ids) -> Vectors:
        found, vectors = self._read(lambda connection: read_vectors(connection, self._table, ids, self.dim))
        if not np.isin(ids, found).all():
            raise clips_missing(self.address)
        of_ids: Vectors = vectors[np.searchsorted(found, ids)]
        return of_ids

    def ids(self) -> Ids:
        """The clip_ids that are there, int64, ascending."""
        return self._read(lambda connection: read_ids(connection, self._table))

    def optimize(self, approximate: bool) -> None:
        """Make the graph if it is missing, remove what is deleted, and count for the planner."""
        if approximate and self.dim <= _MOST_DIM:
            self._write(lambda connection: make_graph(connection, self._table, self.dim))
        self._change("VACUUM (ANALYZE) {table}")

    def file_names(self) -> set[str]:
        """The names of the small files."""
        return {name for (name,) in self._rows("SELECT name FROM {files}")}

    def read_files(self, names: Collection[str]) -> dict[str, bytes]:
        """Small files by name, of one moment."""
        return dict(self._rows("SELECT name, data FROM {files} WHERE name = ANY(%s)", [list(names)]))

    def write_files(self, files: Mapping[str, bytes]) -> None:
        """Write small files, in one transaction."""
        query = "INSERT INTO {files} VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET data = excluded.data"

        def write(connection: Any) -> None:
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(statement(query, self._table), list(files.items()))

        self._write(write)

    def remove_files(self, names: Collection[str]) -> None:
        """Remove small files."""
        self._change("DELETE FROM {files} WHERE name = ANY(%s)", [list(names)])

    def close(self) -> None:
        """End the connections."""
        self._readers.close()
        self._writer.close()

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._read(lambda connection: _run(connection, self._table, query, values).fetchall())

    def _change(self, query: str, values: Sequence[Any] = ()) -> None:
        self._write(lambda connection: _run(connection, self._table, query, values))

    def _read(self, work: Callable[[Any], Result]) -> Result:
        with _errors(self.address):
            return self._readers.run(work)

    def _write(self, work: Callable[[Any], Any]) -> None:
        self._n_vectors = None
        with _errors(self.address):
            self._writer.run(work)


def _run(connection: Any, table: str, query: str, values: Sequence[Any]) -> Any:
    return connection.execute(statement(query, table), values or None, binary=True)


def _where(values: dict[str, Any]) -> str:
    return "" if values["only"] is None else "WHERE clip_id = ANY(%(only)s::bigint[])"


def _become_writer(connection: Any, address: Address) -> None:
    """Take the lock of the table, which the server releases when the connection ends.

    Raises:
        DatabaseError: another process writes (code database_busy).
    """
    import psycopg
    from pgvector.psycopg import register_vector

    register_vector(connection)
    connection.execute("SET statement_timeout = 0")
    connection.execute(f"SET lock_timeout = '{_LOCK_SECONDS}s'")
    try:
        connection.execute(
            "SELECT pg_advisory_lock(hashtextextended(current_schema() || '.' || %s, 0))", [address.table]
        )
    except psycopg.errors.LockNotAvailable as error:
        raise DatabaseError(
            f"Another process writes into the table {address.table} of {printable(address.shown)}.",
            "Try again when it has ended.", code="database_busy", address=address.shown,
        ) from error  # fmt: skip
    connection.execute("RESET lock_timeout")


@contextmanager
def _errors(address: str) -> Iterator[None]:
    """Turn errors of psycopg into `DatabaseError`."""
    import psycopg

    try:
        yield
    except psycopg.errors.OperationalError as error:
        hint = "Check that the server runs and lets you in; a password is taken from PGPASSWORD or ~/.pgpass."
        raise refused(address, error, hint) from error
    except psycopg.Error as error:
        raise refused(address, error) from error
