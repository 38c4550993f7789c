"""The kinds of FAISS file that a view has, byte for byte, so that FAISS is given nothing else to parse.

FAISS allocates what a file claims, and some of its types name further files to open. Here each length and
each type is compared with what vlret writes; only vectors, codes and ids are free.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from typing import BinaryIO

import numpy as np

from vlret.index.backends.faiss_backend import EXACT
from vlret.index.view.codes import QUERY_BITS, Codes, codes_named, n_lists_of
from vlret.types import Ids

_UNUSED = 1 << 20
_INNER_PRODUCT = 0
_FP16 = 4
"""Number of a FAISS scalar quantizer (QT_fp16)."""
_TYPES = {"SQ": b"IwSq", "Ra": b"Iwrq", "PQ": b"IwPQ"}
_PQ_BITS = 8


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
    reader, codes = _Reader(file), codes_named(kind, dim)
    if codes is None:
        raise ValueError(f"{kind} is not a supported index type")
    ids = (
        _exact_ids(reader, n_vectors, dim) if kind == EXACT else _ivf_ids(reader, n_vectors, dim, kind, codes)
    )
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


def _ivf_ids(reader: _Reader, n_vectors: int, dim: int, kind: str, codes: Codes) -> Ids:
    n_lists = n_lists_of(kind)
    _header(reader, _TYPES[codes.name[:2]], n_vectors, dim)
    reader.expect("QQ", n_lists, 1)  # 1: nprobe, where a search does not say
    _flat(reader, n_lists, dim)  # the lists' centres
    reader.expect("BQ", 0, 0)  # no map from ids to lists
    _quantizer(reader, codes, dim)
    reader.expect("4sQQ", b"ilar", n_lists, codes.n_bytes)
    ids = [np.empty(0, np.int64)]
    for size in _list_sizes(reader, n_lists):
        reader.skip(int(size) * codes.n_bytes)
        ids.append(reader.integers(int(size)))
    return np.concatenate(ids)


def _quantizer(reader: _Reader, codes: Codes, dim: int) -> None:
    """What makes codes of residuals to the centre."""
    if codes.name == "SQfp16":
        reader.expect("iifQQQ", _FP16, 0, 0.0, dim, codes.n_bytes, 0)
        reader.expect("Q?", codes.n_bytes, True)
    elif codes.name == "RaBitQ":
        reader.expect("QQiQ?B", dim, codes.n_bytes, _INNER_PRODUCT, codes.n_bytes, True, QUERY_BITS)
    else:
        reader.expect("?QQQQQ", True, codes.n_bytes, dim, codes.n_bytes, _PQ_BITS, dim << _PQ_BITS)
        reader.skip(4 * dim << _PQ_BITS)


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
