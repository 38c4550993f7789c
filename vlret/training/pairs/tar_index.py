"""The members of a tar with their places, read once and kept, so that any of them can be read at random.

Nothing is unpacked: a member is bytes of its tar, whatever its name says.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from vlret.cache_folder import default_cache
from vlret.errors import UsageError
from vlret.files import replace_file
from vlret.parquet_file import parquet_bytes
from vlret.storage import file_system, reading, shown

TEXT_SUFFIXES = (".txt", ".json")
MOST_TEXT_BYTES = 1 << 20
"""Longer texts are no captions, and not read."""
_SCHEMA = pa.schema({"name": pa.string(), "offset": pa.int64(), "size": pa.int64(), "text": pa.string()})


class Member(NamedTuple):
    """A file in a tar: its bytes are [offset, offset + size); `text` is what a text file holds, else None."""

    name: str
    offset: int
    size: int
    text: str | None


class TarIndex(NamedTuple):
    """The members of a tar in order; `is_whole`: its end was reached without damage."""

    members: list[Member]
    is_whole: bool


@lru_cache(maxsize=4)
def tar_index(location: str) -> TarIndex:
    """Return the members of a tar, from the cache (`VLRET_CACHE`) if it has not changed since.

    Raises:
        UsageError: it does not exist, cannot be read, or is not a tar, or one that is compressed.
    """
    files, path = file_system(location)
    with reading(location):
        n_bytes = files.size(path) or 0  # an address may not say
        state = f"{location} {n_bytes} {files.ukey(path)}"
    kept = default_cache() / "tars" / f"{sha256(state.encode()).hexdigest()[:32]}.parquet"
    try:
        return _read(kept)
    except (OSError, KeyError, TypeError, pa.ArrowException):  # not there yet, or damaged
        _write(kept, _indexed(location, files, path, n_bytes))
        return _read(kept)


def _indexed(location: str, files: Any, path: str, n_bytes: int) -> TarIndex:
    with reading(location), files.open(path, "rb") as file:
        try:
            return _members(file, n_bytes)
        except tarfile.TarError as error:
            raise UsageError(
                f"{shown(location)} is not a plain tar: {error}.",
                "Unpack a compressed one with gunzip; fetch a damaged one again.",
                code="not_a_tar",
                path=shown(location),
            ) from error


def _members(file: BinaryIO, n_bytes: int) -> TarIndex:
    found: list[Member] = []
    with tarfile.open(fileobj=file, mode="r:") as tar:
        try:
            for info in _until_damaged(tar, n_bytes):
                if info.isreg() and not info.issparse():
                    found.append(Member(_plain(info.name), info.offset_data, info.size, _text(tar, info)))
        except tarfile.ReadError:
            return TarIndex(found, False)
        file.seek(tar.offset)
        return TarIndex(found, not file.read(tarfile.BLOCKSIZE).strip(b"\0"))


def _until_damaged(tar: tarfile.TarFile, n_bytes: int) -> Iterator[tarfile.TarInfo]:
    """Yield the headers of a tar; one that goes backwards, or beyond the end, would be read for ever."""
    for info in tar:
        if info.size < 0 or info.offset_data + info.size > n_bytes:
            raise tarfile.ReadError(f"{info.name} is not all there")
        yield info


def _text(tar: tarfile.TarFile, info: tarfile.TarInfo) -> str | None:
    if not info.name.lower().endswith(TEXT_SUFFIXES) or info.size > MOST_TEXT_BYTES:
        return None
    data = tar.extractfile(info)
    return data.read().decode("utf-8-sig", "replace") if data else None


def _plain(name: str) -> str:
    """Return a name without the surrogates that stand for bytes which are no UTF-8."""
    return name.encode("utf-8", "replace").decode()


def _write(file: Path, index: TarIndex) -> None:
    table = pa.Table.from_pylist([member._asdict() for member in index.members], _SCHEMA)
    replace_file(file, parquet_bytes(table, {b"is_whole": str(index.is_whole)}))


def _read(file: Path) -> TarIndex:
    table = pq.read_table(file)
    is_whole = table.schema.metadata[b"is_whole"] == b"True"
    return TarIndex([Member(**row) for row in table.to_pylist()], is_whole)
