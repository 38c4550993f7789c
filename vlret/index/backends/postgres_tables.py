"""The tables of PostgreSQL that hold an index: their columns, how they are made, and what is copied in and out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vlret.errors import DatabaseError
from vlret.index.backends.address import Address
from vlret.index.backends.database_errors import other_dim
from vlret.index.backends.rows import COLUMN_TYPES
from vlret.text import printable
from vlret.types import Ids, Vectors

_TYPES = {
    pa.string(): "text", pa.float64(): "double precision", pa.int64(): "bigint", pa.int32(): "integer",
    pa.timestamp("us"): "timestamp without time zone",
}  # fmt: skip
_COLUMNS = {name: _TYPES[kind] for name, kind in COLUMN_TYPES.items()}
_LEAST_VERSION = (0, 8)
"""Of pgvector: `hnsw.iterative_scan`."""
_MAKING = 0x766C726574
"""The advisory lock under which tables are made."""
_COPY_HEADER, _COPY_TRAILER = 19, 2
"""Bytes before and after the rows of COPY in binary format."""
_ID = [("n_fields", ">i2"), ("id_bytes", ">i4"), ("id", ">i8")]


def statement(text: str, table: str, **parts: Any) -> Any:
    """SQL in which {table}, {files}, {columns} and `parts` are quoted names or SQL."""
    from psycopg import sql

    columns = sql.SQL(", ").join(map(sql.Identifier, ["clip_id", "vector", *_COLUMNS]))
    return sql.SQL(text).format(
        table=sql.Identifier(table), files=sql.Identifier(f"{table}_files"), columns=columns, **parts
    )


def found_dim(connection: Any, address: Address) -> int | None:
    """Numbers a vector of the table; None: there is none.

    Raises:
        DatabaseError: it has other columns than an index (code other_dim).
    """
    query = (
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
    )
    found = dict(connection.execute(query, [f'"{address.table}"']).fetchall())
    if not found:
        return None
    kind, _, size = found.get("vector", "").rstrip(")").partition("(")
    wanted = {"clip_id": "bigint", **_COLUMNS}
    if kind != "vector" or not size or not wanted.items() <= found.items():
        raise other_dim(address, 0, None)
    return int(size)


def require_pgvector(connection: Any, address: Address, may_create: bool) -> None:
    """Check that pgvector is in the database, or create it.

    Raises:
        DatabaseError: it is not (code no_pgvector) or too old (code old_pgvector).
    """
    import psycopg

    query = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    found = connection.execute(query).fetchone()
    if not found and may_create:
        try:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile) as error:
            raise _no_pgvector(address, "is not installed on the server") from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise _no_pgvector(address, "is not in the database, and this user may not create it") from error
        found = connection.execute(query).fetchone()
    if not found:
        raise _no_pgvector(address, "is not in the database")
    if tuple(int(part) for part in found[0].split(".")[:2]) < _LEAST_VERSION:
        raise DatabaseError(
            f"{printable(address.shown)} has pgvector {found[0]}.",
            "Install pgvector 0.8 or newer on the server, then run ALTER EXTENSION vector UPDATE.",
            code="old_pgvector", address=address.shown,
        )  # fmt: skip


def _no_pgvector(address: Address, what: str) -> DatabaseError:
    return DatabaseError(
        f"{printable(address.shown)}: the extension vector (pgvector) {what}.",
        "Install pgvector on the server, and have its owner run CREATE EXTENSION vector in this database.",
        code="no_pgvector", address=address.shown,
    )  # fmt: skip


def make_tables(connection: Any, table: str, dim: int) -> None:
    """Make the tables that are missing.

    Vectors of up to 2,000 numbers stay in the row (`toast_tuple_target`), where comparing with all of them is fast. The
    index of paths is by hash, as a B-tree takes no path of more than 2,700 bytes.
    """
    columns = ", ".join(f'"{name}" {kind}' for name, kind in _COLUMNS.items())
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_MAKING])
        for text in (
            f"CREATE TABLE IF NOT EXISTS {{table}} (clip_id bigint PRIMARY KEY, vector vector({dim:d}) NOT NULL,"
            f" {columns}) WITH (toast_tuple_target = 8160)",
            "CREATE INDEX IF NOT EXISTS {paths} ON {table} USING hash (path)",
            "CREATE TABLE IF NOT EXISTS {files} (name text PRIMARY KEY, data bytea NOT NULL)",
        ):
            connection.execute(statement(text, table, paths=_name(f"{table}_path")))


def make_graph(connection: Any, table: str, dim: int) -> None:
    """Make the HNSW graph of the vectors in float16, unless it is there; new rows join it as they are written."""
    query = f"CREATE INDEX IF NOT EXISTS {{graph}} ON {{table}} USING hnsw ((vector::halfvec({dim:d})) halfvec_ip_ops)"
    connection.execute(statement(query, table, graph=_name(f"{table}_hnsw")))


def _name(name: str) -> Any:
    from psycopg import sql

    return sql.Identifier(name)


def upsert(connection: Any, table: str, rows: pa.Table, vectors: Vectors) -> None:
    """Write rows, all or none; those of clip_ids that are there are replaced."""
    incoming = "CREATE TEMP TABLE vlret_incoming ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA"
    columns = [rows[name].to_pylist() for name in _COLUMNS]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(statement(incoming, table))
        with cursor.copy("COPY pg_temp.vlret_incoming FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["bigint", "vector", *_COLUMNS.values()])
            for row in zip(rows["clip_id"].to_pylist(), vectors, *columns, strict=True):
                copy.write_row(row)
        cursor.execute(_replacing(table))


def _replacing(table: str) -> Any:
    from psycopg import sql

    new = sql.SQL(", ").join(sql.Identifier("excluded", name) for name in ["clip_id", "vector", *_COLUMNS])
    query = (
        "INSERT INTO {table} ({columns}) SELECT {columns} FROM pg_temp.vlret_incoming"
        " ON CONFLICT (clip_id) DO UPDATE SET ({columns}) = ROW({new})"
    )
    return statement(query, table, new=new)


def read_ids(connection: Any, table: str) -> Ids:
    """All clip_ids, int64, ascending."""
    query = statement("COPY (SELECT clip_id FROM {table} ORDER BY clip_id) TO STDOUT (FORMAT BINARY)", table)
    ids: Ids = _copied(connection, query, np.dtype(_ID))["id"].astype(np.int64)
    return ids


def read_vectors(connection: Any, table: str, ids: Ids, dim: int) -> tuple[Ids, Vectors]:
    """Those of `ids` that are there, int64 [n], ascending, and their vectors, float32 [n, dim]."""
    from psycopg import sql

    query = statement(
        "COPY (SELECT clip_id, vector FROM {table} WHERE clip_id = ANY({ids}::bigint[]) ORDER BY clip_id)"
        " TO STDOUT (FORMAT BINARY)",
        table, ids=sql.Literal(ids.tolist()),
    )  # fmt: skip
    vector = [("vector_bytes", ">i4"), ("dim", ">i2"), ("unused", ">i2"), ("vector", ">f4", (dim,))]
    found = _copied(connection, query, np.dtype(_ID + vector))
    return found["id"].astype(np.int64), found["vector"].astype(np.float32)


def _copied(connection: Any, query: Any, row: np.dtype[Any]) -> NDArray[Any]:
    """What COPY sends in binary format, where no field is null."""
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        sent = b"".join(copy)
    return np.frombuffer(sent[_COPY_HEADER : len(sent) - _COPY_TRAILER], row)
