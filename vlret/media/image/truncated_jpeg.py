"""JPEG files that lack their last bytes, read as far as possible, as viewers do."""

from __future__ import annotations

import numpy as np
from PIL import Image

JPEG_HEAD = b"\xff\xd8\xff"
_END = b"\xff\xd9"
# Markers within or between scans: Huffman tables, scan, quantisation tables, restart interval.
_MARKERS = (b"\xff\xc4", b"\xff\xda", b"\xff\xdb", b"\xff\xdd")
_BLOCK_ROW = 16


def repaired(data: bytes) -> bytes:
    """Return the file with an end marker and without an unfinished marker segment."""
    last = max(data.rfind(marker) for marker in _MARKERS)
    end = last + 2 + int.from_bytes(data[last + 2 : last + 4].ljust(2, b"\xff"), "big")
    return data[: last if end > len(data) else None] + _END


def is_blank(picture: Image.Image) -> bool:
    """Return whether a repaired JPEG is grey all over, except for less than one row of blocks."""
    pixels = np.asarray(picture)
    rows = (pixels != pixels[-1, -1]).any(axis=(1, 2))
    return int(rows.sum()) <= min(_BLOCK_ROW, picture.height // 2)
