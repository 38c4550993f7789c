"""The files of `ClipColumns` as a table, and a table of files as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vlret.index.columns_checks import METADATA_NAMES, TEXTS, Arrays
from vlret.index.tables import METADATA

FILES = pa.schema(
    [("root", pa.int32()), ("path", pa.string()), ("fingerprint", pa.string()), ("size", pa.int64()),
     ("mtime_ns", pa.int64()), *METADATA]
)  # fmt: skip


def file_arrays(table: pa.Table) -> dict[str, NDArray[Any]]:
    """The arrays of a table of `FILES`."""
    arrays: dict[str, NDArray[Any]] = {}
    for field in FILES:
        column = table[field.name].combine_chunks()
        if field.name in METADATA_NAMES:
            arrays[f"{field.name}.known"] = np.asarray(column.is_valid()).astype(np.uint8)
        arrays |= _texts(field.name, column) if field.name in TEXTS else {field.name: _values(column)}
    return arrays


def file_column(arrays: Arrays, field: pa.Field) -> pa.Array:
    """One column of the table back."""
    known = arrays[f"{field.name}.known"] if field.name in METADATA_NAMES else None
    if field.name not in TEXTS:
        return pa.array(arrays[field.name], mask=None if known is None else known == 0).cast(field.type)
    ends = arrays[f"{field.name}.end"]
    offsets = pa.py_buffer(np.concatenate([[0], ends]))
    texts = pa.py_buffer(arrays[f"{field.name}.bytes"])
    valid = None if known is None else pa.py_buffer(np.packbits(known != 0, bitorder="little"))
    return pa.Array.from_buffers(pa.large_string(), len(ends), [valid, offsets, texts]).cast(field.type)


def _values(column: pa.Array) -> NDArray[Any]:
    plain = column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
    return np.asarray(plain.fill_null(0))


def _texts(name: str, column: pa.Array) -> dict[str, NDArray[Any]]:
    texts = pa.chunked_array([column.fill_null("")]).cast(pa.large_binary()).combine_chunks()
    lengths = np.asarray(pa.compute.binary_length(texts))
    _, offsets, data = texts.buffers()
    first = int(np.frombuffer(offsets, np.int64)[texts.offset]) if len(texts) else 0
    whole = np.frombuffer(data or b"", np.uint8)
    return {f"{name}.end": lengths.cumsum(), f"{name}.bytes": whole[first : first + lengths.sum()]}
