"""Where the clip of a pair lies: a file, an object at an address, or a member of a tar."""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class ClipMedia:
    """The seconds [start, end) of a media file.

    Attributes:
        name: as its dataset names it; an error names it so.
        location: path or address of the file, or of the tar that it lies in.
        offset, size: its bytes in that tar; -1: the whole of `location`.
        start, end: in seconds; infinity is the end of the file.
    """

    name: str
    location: str
    offset: int = -1
    size: int = -1
    start: float = 0.0
    end: float = math.inf

    @property
    def file_id(self) -> int:
        """Equal for all clips of a file, in all processes."""
        return stable_id(self.location, self.offset)

    @property
    def clip_id(self) -> int:
        """Equal for equal clips, in all processes."""
        return stable_id(self.location, self.offset, self.start, self.end)


def stable_id(*values: object) -> int:
    """Return a hash of values as an int64, the same in all processes and on all machines."""
    text = "\n".join(map(str, values)).encode("utf-8", "surrogateescape")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)
