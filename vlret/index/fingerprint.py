"""A fingerprint of a file's content that does not read all of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

BLOCK_BYTES = 64 * 1024
_INT64 = range(-(2**63), 2**63)


def file_state(path: Path) -> tuple[int, int]:
    """Size in bytes and time of change in nanoseconds since 1970, where int64 holds it (1677 to 2262).

    A time beyond becomes the nearest that it holds: some file systems go further.

    Raises:
        OSError: the file cannot be looked at.
    """
    stat = path.stat()
    return stat.st_size, min(max(stat.st_mtime_ns, _INT64.start), _INT64.stop - 1)


def fingerprint(path: Path) -> str:
    """32 hex digits over the size and the first, middle and last 64 KiB of a file.

    A container's header or index is at the beginning or the end and holds the size and place of every frame,
    so that a truncated, re-encoded or re-muxed file is noticed. An edit of a few bytes elsewhere that keeps the
    size is not.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        digest = hashlib.blake2b(size.to_bytes(8, "little"), digest_size=16)
        for offset in sorted({0, max(0, (size - BLOCK_BYTES) // 2), max(0, size - BLOCK_BYTES)}):
            file.seek(offset)
            digest.update(file.read(BLOCK_BYTES))
    return digest.hexdigest()
