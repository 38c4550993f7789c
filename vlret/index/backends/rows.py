"""The rows of an index as every database keeps them."""

from __future__ import annotations

import pyarrow as pa

from vlret.index.backends.base import check_unit
from vlret.index.filter_columns import COLUMNS
from vlret.types import Ids, Vectors

_TYPES = {
    "path": pa.string(), "name": pa.string(), "start": pa.float64(), "end": pa.float64(), "duration": pa.float64(),
    "size": pa.int64(), "modified": pa.timestamp("us"), "taken": pa.timestamp("us"), "width": pa.int32(),
    "height": pa.int32(), "codec": pa.string(), "fps": pa.float64(),
}  # fmt: skip
COLUMN_TYPES = {name: _TYPES[name] for name in COLUMNS}
"""The Arrow types of the columns that a condition may name; every one may be null."""


def rows_schema(dim: int) -> pa.Schema:
    """The columns of a row: clip_id, vector (unit length), and `COLUMN_TYPES`."""
    return pa.schema(
        [("clip_id", pa.int64()), ("vector", pa.list_(pa.float32(), dim)), *COLUMN_TYPES.items()]
    )


def rows_of(ids: Ids, vectors: Vectors, dim: int, columns: pa.Table | None = None) -> pa.Table:
    """Rows as a table of `rows_schema`.

    Args:
        ids: int64 [n].
        vectors: float32 [n, dim].
        columns: those of `COLUMN_TYPES`, [n]; None: all null.

    Raises:
        UsageError: vectors of another shape or length.
    """
    check_unit(vectors, dim)
    values = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel(), pa.float32()), dim)
    others = [
        pa.nulls(len(ids), kind) if columns is None else columns[name].cast(kind)
        for name, kind in COLUMN_TYPES.items()
    ]
    return pa.table([pa.array(ids, pa.int64()), values, *others], schema=rows_schema(dim))


def vectors_of(rows: pa.Table, dim: int) -> Vectors:
    """The vectors of rows on their way into a database, float32 [n, dim].

    Raises:
        UsageError: they have another shape or length.
    """
    column = rows["vector"].combine_chunks()
    vectors: Vectors = column.flatten().to_numpy().reshape(len(rows), column.type.list_size)
    check_unit(vectors, dim)
    return vectors
