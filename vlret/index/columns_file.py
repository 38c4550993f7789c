"""The file of `ClipColumns`: one-dimensional arrays in the format of safetensors, mapped into memory.

safetensors reads and writes it, too; here the arrays stay on disk until they are looked at.
"""

from __future__ import annotations

import json
import mmap
import zlib
from collections.abc import Mapping
from io import BufferedReader
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlret.index.json_fields import parse_json

Arrays = dict[str, NDArray[Any]]

_DTYPES = {"I64": "<i8", "I32": "<i4", "F64": "<f8", "U8": "u1"}
_MOST_HEADER_BYTES = 2**26
_FACTS, _SUM = "facts", "crc32"


def columns_bytes(arrays: Mapping[str, NDArray[Any]], facts: Any) -> bytes:
    """The bytes of a file with these arrays and facts (JSON values), with the CRC-32 of both: the same each time."""
    from safetensors.numpy import save

    text = json.dumps(facts)
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return _ordered(save(whole, {_FACTS: text, _SUM: _checksum(text, whole)}))


def _ordered(data: bytes) -> bytes:
    """The same file with its header in order: safetensors writes the facts in a random one."""
    n_bytes = int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8 : 8 + n_bytes]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[8 + n_bytes :]


def map_columns(file: BufferedReader) -> tuple[Arrays, Any]:
    """The arrays of a file, read-only and mapped, and its facts.

    Raises:
        ValueError: it is not such a file, is cut, or its checksum differs.
    """
    data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    n_bytes = int.from_bytes(data[:8], "little")
    if not 0 < n_bytes <= min(_MOST_HEADER_BYTES, len(data) - 8):
        raise ValueError("it is cut")
    header = parse_json(data[8 : 8 + n_bytes])
    facts = header.pop("__metadata__", None) if isinstance(header, dict) else None
    if not isinstance(facts, dict) or not isinstance(facts.get(_FACTS), str):
        raise ValueError("it has no facts")
    arrays = {name: _array(data, 8 + n_bytes, place) for name, place in header.items()}
    if facts.get(_SUM) != _checksum(facts[_FACTS], arrays):
        raise ValueError("its checksum differs")
    return arrays, parse_json(facts[_FACTS].encode())


def _array(data: mmap.mmap, start: int, place: Any) -> NDArray[Any]:
    match place:
        case {"dtype": str(kind), "shape": [int(n)], "data_offsets": [int(begin), int(end)]}:
            pass
        case _:
            raise ValueError("an array is not described as in safetensors")
    if kind not in _DTYPES or not 0 <= begin <= end <= len(data) - start:
        raise ValueError("an array is not in the file")
    dtype = np.dtype(_DTYPES[kind])
    if n * dtype.itemsize != end - begin:
        raise ValueError("an array has another length than it says")
    return np.frombuffer(data, dtype, n, start + begin) if n else np.empty(0, dtype)


def _checksum(text: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    value = zlib.crc32(text.encode())
    for name in sorted(arrays):
        value = zlib.crc32(arrays[name].view(np.uint8).data, zlib.crc32(name.encode(), value))
    return f"{value:08x}"
