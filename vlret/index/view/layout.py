"""The two kinds of FAISS file that a view has, byte for byte, so that FAISS is given nothing else to parse.

FAISS allocates what a file claims, and some of its types name further files to open. Here each length and
each type is compared with what vlret writes; only vectors, codes and ids are free.
"""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from typing import BinaryIO

import numpy as np

from vlret.index.backends.faiss_backend import EXACT
from vlret.types import Ids

_UNUSED = 1 << 20
_INNER_PRODUCT = 0
_FP16 = 4
"""Number of a FAISS scalar quantizer (QT_fp16)."""


def n_lists_of(kind: str) -> int | None:
    """The lists of an index made by the factory string `IVF{lists},SQfp16`, 0 for `EXACT`, None for others."""
    lists = re.fullmatch(r"IVF([1-9][0-9]{0,6}),SQfp16", kind)
    return 0 if kind == EXACT else int(lists[1]) if lists else None


def checksum(file: BinaryIO) -> str:
    """The CRC-32 of a file as 8 hex digits: finds damage in a quarter of a second a gigabyte."""
    if not file.seek(0, 2):
        return f"{0:08x}"
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return f"{zlib.crc32(data):08x}"


def read_ids(file: BinaryIO, kind: str, n_vectors: int, dim: int) -> Ids:
    """The ids in a FAISS file, int64 [n_vectors], in the order of the file.

    Raises:
        ValueError: the file is not laid out as vlret writes `kind` with so many vectors.
    """
    n_lists = n_lists_of(kind)
    reader = _Reader(file)
    if n_lists is None:
        raise ValueError(f"{kind} is not a supported index type")
    ids = _exact_ids(reader, n_vectors, dim) if n_lists == 0 else _ivf_ids(reader, n_vectors, dim, n_lists)
    if reader.left or len(ids) != n_vectors:
        raise ValueError("the lengths do not add up")
    return ids


class _Reader:
    """Goes through a file from front to end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)
        file.seek(0)

    @property
    def left(self) -> int:
        return self._size - self._file.tell()

    def skip(self, n_bytes: int) -> None:
        self.require(0 <= n_bytes <= self.left)
        self._file.seek(n_bytes, 1)

    def take(self, n_bytes: int) -> bytes:
        self.require(0 <= n_bytes <= self.left)
        return self._file.read(n_bytes)

    def expect(self, form: str, *values: object) -> None:
        expected = struct.pack(f"<{form}", *values)
        self.require(self.take(len(expected)) == expected)

    def integers(self, n: int) -> Ids:
        return np.frombuffer(self.take(8 * n), "<i8")

    def require(self, good: bool) -> None:
        if not good:
            raise ValueError(f"unexpected bytes before {self._file.tell()}")


def _header(reader: _Reader, kind: bytes, n_vectors: int, dim: int) -> None:
    reader.expect("4siqqqBi", kind, dim, n_vectors, _UNUSED, _UNUSED, True, _INNER_PRODUCT)


def _flat(reader: _Reader, n_vectors: int, dim: int) -> None:
    _header(reader, b"IxFI", n_vectors, dim)
    reader.expect("Q", n_vectors * dim)
    reader.skip(4 * n_vectors * dim)


def _exact_ids(reader: _Reader, n_vectors: int, dim: int) -> Ids:
    _header(reader, b"IxMp", n_vectors, dim)
    _flat(reader, n_vectors, dim)
    reader.expect("Q", n_vectors)
    return reader.integers(n_vectors)


def _ivf_ids(reader: _Reader, n_vectors: int, dim: int, n_lists: int) -> Ids:
    code_bytes = 2 * dim
    _header(reader, b"IwSq", n_vectors, dim)
    reader.expect("QQ", n_lists, 1)  # 1: nprobe, where a search does not say
    _flat(reader, n_lists, dim)  # the lists' centres
    reader.expect("BQ", 0, 0)  # no map from ids to lists
    reader.expect("iifQQQ", _FP16, 0, 0.0, dim, code_bytes, 0)
    reader.expect("Q?", code_bytes, True)  # codes are residuals to the centre
    reader.expect("4sQQ", b"ilar", n_lists, code_bytes)
    ids = [np.empty(0, np.int64)]
    for size in _list_sizes(reader, n_lists):
        reader.skip(int(size) * code_bytes)
        ids.append(reader.integers(int(size)))
    return np.concatenate(ids)


def _list_sizes(reader: _Reader, n_lists: int) -> Ids:
    """The sizes of the lists that are not empty."""
    kind, n = struct.unpack("<4sQ", reader.take(12))
    if kind == b"full":
        reader.require(n == n_lists)
        return reader.integers(n)
    reader.require(kind == b"sprs" and n % 2 == 0 and n <= 2 * n_lists)
    places, sizes = reader.integers(n).reshape(-1, 2).T
    reader.require(bool((np.diff(places, prepend=-1, append=n_lists) > 0).all()))
    return sizes
