"""Files made by appending one recording to another: where each recording begins."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

_Element = tuple[bytes, int, int]  # name, first byte, byte after the last

_FLV_HEADER = re.compile(rb"FLV\x01[\x00\x01\x04\x05]\x00\x00\x00\x09\x00\x00\x00\x00")
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_MAX_ELEMENTS = 1_000_000  # elements: a fragmented MP4 of 24 hours has 200,000
_FIRST_ELEMENTS = {b"ftyp", b"AVI ", _EBML, b"FLV\x01"}


def recording_starts(path: Path, kind: str) -> list[int]:
    """Return the bytes at which the recordings in a file begin; only some formats (`kind`, FFmpeg's name) allow it."""
    return [start for name, start, _ in _elements(path, kind) if name in _FIRST_ELEMENTS]


def is_cut_off(path: Path, kind: str) -> bool:
    """Return whether the file is shorter than its own structure says."""
    return max((end for _, _, end in _elements(path, kind)), default=0) > path.stat().st_size


def _elements(path: Path, kind: str) -> list[_Element]:
    walk = next((walk for name, walk in _WALKS.items() if name in kind.split(",")), None)
    if walk is None:
        return []
    with path.open("rb") as file:
        return list(islice(walk(file), _MAX_ELEMENTS))


def _boxes(file: BinaryIO) -> Iterator[_Element]:
    """Yield the top-level boxes of an MP4."""
    start = 0
    while len(head := _read_at(file, start, 16)) >= 8:
        size, name = int.from_bytes(head[:4]), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:16])
        if size < 8:  # 0: up to the end of the file
            return
        yield name, start, start + size
        start += size


def _chunks(file: BinaryIO) -> Iterator[_Element]:
    """Yield the top-level chunks of an AVI, named by their content: `AVI `, and `AVIX` beyond 1 GB."""
    start = 0
    while (head := _read_at(file, start, 12))[:4] == b"RIFF" and len(head) == 12:
        size = int.from_bytes(head[4:8], "little")
        yield head[8:12], start, start + 8 + size
        start += 8 + size + size % 2


def _masters(file: BinaryIO) -> Iterator[_Element]:
    """Yield the top-level elements of a Matroska file, up to one of unknown size."""
    start = 0
    while (name := (head := _read_at(file, start, 12))[:4]) in (_EBML, _SEGMENT) and len(head) == 12:
        n_bytes = 9 - head[4].bit_length()
        size = int.from_bytes(head[4 : 4 + n_bytes]) & ((1 << 7 * n_bytes) - 1)
        is_known = size < (1 << 7 * n_bytes) - 1
        end = start + 4 + n_bytes + (size if is_known else 0)
        yield name, start, end
        if not is_known or n_bytes > 8:
            return
        start = end


def _headers(file: BinaryIO) -> Iterator[_Element]:
    """Yield the headers of FLV files."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for found in _FLV_HEADER.finditer(data):
            yield b"FLV\x01", found.start(), found.end()


def _read_at(file: BinaryIO, start: int, n_bytes: int) -> bytes:
    """Return nothing past the end of the file, where a damaged size may lead."""
    if start >= os.fstat(file.fileno()).st_size:
        return b""
    file.seek(start)
    return file.read(n_bytes)


_WALKS: dict[str, Callable[[BinaryIO], Iterator[_Element]]] = {
    "mp4": _boxes, "matroska": _masters, "avi": _chunks, "flv": _headers,
}  # fmt: skip
