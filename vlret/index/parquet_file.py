"""The Parquet files of an index: each is marked with the id of its index."""

from __future__ import annotations

from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from vlret.parquet_file import parquet_bytes

ROW_GROUP = 2048
"""Rows that are read together where only a few are wanted."""
MARK = b"vlret-index"
"""The key of the file's metadata that holds the id of the index it belongs to."""


def write_parquet(table: pa.Table, index_id: str) -> bytes:
    """The bytes of a Parquet file with the rows of `table`, marked as of the index `index_id`."""
    return parquet_bytes(table, {MARK: index_id}, ROW_GROUP)


def mark_of(file: BinaryIO) -> str | None:
    """The id of the index that a Parquet file belongs to, None where it is not a file of an index."""
    try:
        metadata = pq.ParquetFile(file).metadata.metadata or {}
    except (OSError, ValueError, pa.ArrowException):
        return None
    return str(metadata[MARK], errors="replace") if MARK in metadata else None
