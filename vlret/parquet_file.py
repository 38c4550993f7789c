"""Parquet files that may come from an untrusted source: their metadata is checked before their data is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

_MOST_TEXT_BYTES = 2**14
_MEAN_TEXT_BYTES = 2**10
_SPARE_BYTES = 2**24
_VALUE_BYTES = 2**5
"""More than a number takes, with all that Parquet writes beside it."""


def parquet_bytes(table: pa.Table, metadata: Mapping[bytes, str], row_group: int | None = None) -> bytes:
    """The bytes of a Parquet file with the rows of `table` and this metadata, in groups of `row_group` rows."""
    sink = pa.BufferOutputStream()
    # Vectors are noise: a dictionary of them would only cost time.
    texts = text_columns(table.schema)
    marked = table.replace_schema_metadata(metadata)
    pq.write_table(
        marked, sink, row_group, compression="zstd", use_dictionary=texts, write_page_checksum=True
    )
    data: bytes = sink.getvalue().to_pybytes()
    return data


def read_parquet(
    file: BinaryIO,
    n_rows: int,
    schema: pa.Schema,
    columns: list[str],
    optional: Collection[str] = (),
    rows: NDArray[np.int64] | None = None,
) -> pa.Table:
    """Some columns of a file that must have `n_rows` rows and the columns of `schema`, without nulls.

    Columns of `optional` may hold nulls, or all of them be missing: they are nulls then. Of a file with several row
    groups only those that hold the rows with the numbers `rows` are read; None: all.

    Raises:
        ValueError: it has other rows or columns, claims more memory than they can take, holds nulls or
            invalid text, or a checksum differs.
        OSError, pyarrow.ArrowException: it cannot be read.
    """
    claims = pq.ParquetFile(file)
    missing = set(optional) - set(claims.schema_arrow.names)
    if missing and missing != set(optional):
        raise ValueError(f"column {min(missing)} is missing")
    present = pa.schema([field for field in schema if field.name not in missing])
    _check_columns(claims.schema_arrow, present)
    _check_claims(claims.metadata, n_rows, present)
    wanted = pa.schema([present.field(name) for name in columns if name not in missing])
    # As dictionaries, a long text that is repeated in every row is in memory once, and can be measured.
    parquet = pq.ParquetFile(
        file, metadata=claims.metadata, read_dictionary=text_columns(wanted), page_checksum_verification=True
    )
    table = parquet.read_row_groups(_groups(claims.metadata, rows), columns=wanted.names, use_threads=False)
    _check_texts(table.select(text_columns(wanted)))
    table = table.cast(wanted)
    table.validate(full=True)
    for name in wanted.names:
        if table[name].null_count and name not in optional:
            raise ValueError(f"column {name} has empty values")
        if (
            rows is None
            and name in optional
            and _n_nulls(claims.metadata, name) not in (None, table[name].null_count)
        ):
            raise ValueError(f"column {name} has other empty values than it says")
    for name in missing.intersection(columns):
        table = table.append_column(schema.field(name), pa.nulls(len(table), schema.field(name).type))
    return table.select(columns)


def _groups(metadata: pq.FileMetaData, rows: NDArray[np.int64] | None) -> list[int]:
    """The row groups that hold these rows."""
    if rows is None:
        return list(range(metadata.num_row_groups))
    ends = np.cumsum([metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)])
    found = np.unique(np.searchsorted(ends, rows, side="right"))
    return [int(number) for number in found if number < len(ends)]


def _n_nulls(metadata: pq.FileMetaData, name: str) -> int | None:
    """How many values of a column are null by its statistics; None where there are none."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [group.column(place) for group in groups for place in range(group.num_columns)]
    found = [chunk.statistics for chunk in chunks if chunk.path_in_schema == name]
    return (
        sum(part.null_count for part in found)
        if all(part and part.has_null_count for part in found)
        else None
    )


def text_columns(schema: pa.Schema) -> list[str]:
    """The names of the columns of `schema` that hold texts."""
    return [field.name for field in schema if pa.types.is_string(field.type)]


def _check_columns(found: pa.Schema, wanted: pa.Schema) -> None:
    for field in wanted:
        types = [found.field(place).type for place in found.get_all_field_indices(field.name)]
        types = [kind.value_type if pa.types.is_dictionary(kind) else kind for kind in types]
        if types != [field.type]:
            raise ValueError(
                f"column {field.name} is {' and '.join(map(str, types)) or 'missing'}, not {field.type}"
            )


def _check_claims(metadata: pq.FileMetaData, n_rows: int, schema: pa.Schema) -> None:
    """Rows as expected, and no column that claims to unpack to more than so many rows can take."""
    if metadata.num_rows != n_rows:
        raise ValueError(f"{metadata.num_rows} rows instead of {n_rows}")
    most = {field.name: n_rows * _row_bytes(field.type) + _SPARE_BYTES for field in schema}
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for column in (group.column(place) for place in range(group.num_columns)):
            name = column.path_in_schema.split(".")[0]
            if name in most and not 0 <= column.total_uncompressed_size <= most[name]:
                raise ValueError(f"column {name} unpacks to {column.total_uncompressed_size:,} bytes")


def _row_bytes(kind: pa.DataType) -> int:
    if pa.types.is_string(kind):
        return _MEAN_TEXT_BYTES
    if pa.types.is_fixed_size_list(kind):
        return _VALUE_BYTES + int(kind.value_type.byte_width * kind.list_size)
    return _VALUE_BYTES


def _check_texts(table: pa.Table) -> None:
    """No text, and not all of them together, longer than paths and reasons are."""
    if not table.column_names:
        return
    import pyarrow.compute as pc  # takes a fifth of a second

    table.validate(full=True)
    for name in table.column_names:
        lengths = [pc.binary_length(chunk.dictionary).take(chunk.indices) for chunk in table[name].chunks]
        longest = max((pc.max(part).as_py() or 0 for part in lengths), default=0)
        total = sum(pc.sum(part).as_py() or 0 for part in lengths)
        if longest > _MOST_TEXT_BYTES or total > table.num_rows * _MEAN_TEXT_BYTES + _SPARE_BYTES:
            raise ValueError(f"column {name} holds {total:,} bytes of text, {longest:,} in one value")
