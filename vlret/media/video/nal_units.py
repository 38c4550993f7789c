"""NAL units, of which the packets of H.264 and HEVC consist (ITU-T H.264 and H.265, 7.3.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

HEAD = 64
"""Bytes of a unit that hold the fields read here."""
_START = re.compile(re.escape(b"\0\0\1"))


def nal_units(packet: bytes, n_length_bytes: int) -> Iterator[bytes]:
    """Yield the NAL units of `packet`, of each only the first bytes.

    Args:
        packet: a packet of a stream.
        n_length_bytes: of the length before each unit; 0 if start codes separate them.
    """
    if not n_length_bytes:
        yield from after_start_codes(packet)
        return
    at = 0
    while at + n_length_bytes < len(packet):
        start = at + n_length_bytes
        yield packet[start : start + 4 * HEAD]
        at = start + int.from_bytes(packet[at:start], "big")


def after_start_codes(data: bytes) -> Iterator[bytes]:
    """Yield the first bytes of the NAL units that start codes separate."""
    for match in _START.finditer(data):
        unit = data[match.end() : match.end() + 4 * HEAD]
        if unit:
            yield unit
