"""Files of an index in a database, cut into pieces that are named by content: what is there is not written again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from vlret.files import replacing
from vlret.index.backends.database import MOST_FILE_BYTES, Database
from vlret.index.pushed.header import PushedFile, damaged


def pushed_file(name: str, data: bytes) -> PushedFile:
    """What a header says of a file."""
    return PushedFile(name, len(data), hashlib.sha256(data).hexdigest())


def piece_names(file: PushedFile) -> list[str]:
    """The names of a file's pieces, in order."""
    return [f"{file.sha256[:32]}-{number:05d}" for number in range(-(-file.bytes // MOST_FILE_BYTES))]


def is_piece(name: str) -> bool:
    """Whether `piece_names` gives such names: other files of the table are not vlret's."""
    return re.fullmatch("[0-9a-f]{32}-[0-9]{5}", name) is not None


def write_pieces(database: Database, files: Mapping[str, bytes]) -> tuple[PushedFile, ...]:
    """Write what is not there yet of the pieces of `files`."""
    there = database.file_names()
    pushed = []
    for name, data in files.items():
        pushed.append(file := pushed_file(name, data))
        for number, piece in enumerate(piece_names(file)):
            if piece not in there:
                start = number * MOST_FILE_BYTES
                database.write_files({piece: data[start : start + MOST_FILE_BYTES]})
    return tuple(pushed)


def save_file(database: Database, file: PushedFile, path: Path) -> None:
    """Write a file of the index to `path`, which is made only if its checksum is right.

    Raises:
        LookupError: a piece is gone: a later push has replaced the file.
        DatabaseError: its size or checksum is not as the header says.
        OutputError: `path` cannot be written.
    """
    with replacing(path) as out:
        _copy(database, file, out)


def _copy(database: Database, file: PushedFile, out: BinaryIO) -> None:
    digest, n_bytes = hashlib.sha256(), 0
    for data in _read(database, file):
        digest.update(data)
        n_bytes += out.write(data)
    if (n_bytes, digest.hexdigest()) != (file.bytes, file.sha256):
        raise damaged(database.address, f"{file.name}: checksum differs")


def _read(database: Database, file: PushedFile) -> Iterator[bytes]:
    for name in piece_names(file):
        data = database.read_files({name}).get(name)
        if data is None:
            raise LookupError(name)
        if len(data) > MOST_FILE_BYTES:
            raise damaged(database.address, f"{file.name}: a piece is too large")
        yield data
