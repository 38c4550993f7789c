"""Units with lengths before them or start codes between them; damaged lengths end them."""

from __future__ import annotations

import pytest

from vlret.media.video.nal_units import HEAD, nal_units

UNITS = [b"\x67sets", b"\x65" + b"slice" * 100, b"\x06"]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_lengths(n: int):
    packet = b"".join(len(unit).to_bytes(n, "big") + unit for unit in UNITS)
    found = list(nal_units(packet, n))
    assert [unit[0] for unit in found] == [0x67, 0x65, 0x06]
    assert found[1] == UNITS[1][: 4 * HEAD]


def test_start_codes():
    packet = b"".join(b"\0\0\1" + unit for unit in UNITS)
    assert [unit[0] for unit in nal_units(packet, 0)] == [0x67, 0x65, 0x06]


@pytest.mark.parametrize("n", [0, 2, 4])
@pytest.mark.parametrize("packet", [b"", b"\0", bytes(40), b"\xff" * 40, b"\0\0\1"])
def test_damaged_packets_have_no_empty_unit(packet: bytes, n: int):
    assert all(nal_units(packet, n))
