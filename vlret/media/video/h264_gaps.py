"""Where frames of an H.264 stream are missing.

FFmpeg silently fills such a gap with copies of the frame before; all frames up to the next keyframe then refer to
the wrong picture. Reference frames are numbered (`frame_num`, ITU-T H.264 7.4.3).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from vlret.media.video.nal_units import HEAD, after_start_codes, nal_units

_SLICE, _IDR, _SPS = 1, 5, 7
# Bytes of parameter sets that are read; a hostile file may have hundreds of megabytes of them.
_MOST_SETS = 1 << 16
# Profiles whose parameter sets describe the chroma format.
_HIGH = (44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244)


@dataclass(frozen=True, slots=True)
class _Numbering:
    """From a sequence parameter set.

    Bits of `frame_num`, bits before it, whether gaps in the numbers are allowed, whether no frame may be interlaced.
    """

    n_bits: int
    n_plane_bits: int
    has_gaps: bool
    is_progressive: bool


class H264Gaps:
    """Checks the packets of a stream, given in their order.

    Args:
        extradata: the stream's parameter sets, as avcC or with start codes.

    Attributes:
        n_length_bytes: as in `nal_units`.
    """

    def __init__(self, extradata: bytes | None) -> None:
        self.n_length_bytes, self._numbering = 0, None
        self._last: int | None = None
        sets = (extradata or b"")[:_MOST_SETS]
        if sets[:1] == b"\x01" and len(sets) > 8:
            self.n_length_bytes = (sets[4] & 3) + 1
            self._numbering = _numbering(sets[8:])
        else:
            self._read_sets(sets)

    @property
    def is_progressive(self) -> bool:
        """Whether the parameter sets read so far say that every packet is a whole frame."""
        return self._numbering is not None and self._numbering.is_progressive

    def is_after_gap(self, packet: bytes, is_key: bool) -> bool:
        """Return whether reference frames are missing right before this packet."""
        for unit in nal_units(packet, self.n_length_bytes):
            kind = unit[0] & 31
            if kind == _SPS:
                self._numbering = _numbering(unit)
            elif kind in (_SLICE, _IDR):
                with suppress(ValueError):
                    return self._is_gap(unit, is_key or kind == _IDR)
                return False
        return False

    def _is_gap(self, unit: bytes, is_key: bool) -> bool:
        rules, last = self._numbering, self._last
        if rules is None:
            return False
        bits = _Bits(unit[1:HEAD])
        for _ in range(3):  # first macroblock, slice type, picture parameter set
            bits.golomb()
        bits.number(rules.n_plane_bits)
        number = bits.number(rules.n_bits)
        if unit[0] & 0x60:  # a reference frame
            self._last = number
        follows = last is None or number in (last, (last + 1) % (1 << rules.n_bits))
        return not (follows or is_key or rules.has_gaps)

    def _read_sets(self, sets: bytes) -> None:
        for unit in after_start_codes(sets):
            if unit[0] & 31 == _SPS:
                self._numbering = _numbering(unit)


def _numbering(unit: bytes) -> _Numbering | None:
    """Return the numbering of a sequence parameter set; None if it cannot be read."""
    with suppress(ValueError):
        return _parsed(_Bits(unit[1:]))
    return None


def _parsed(bits: _Bits) -> _Numbering:
    profile, _, _ = bits.number(8), bits.number(16), bits.golomb()
    n_plane_bits = 0
    if profile in _HIGH:
        chroma = bits.golomb()
        n_plane_bits = 2 * bits.number(1) if chroma == 3 else 0
        bits.golomb(), bits.golomb(), bits.number(1)
        if bits.number(1):
            for i in range(12 if chroma == 3 else 8):
                _skip_scaling_list(bits, 16 if i < 6 else 64)
    n_bits = bits.golomb() + 4
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.number(1), bits.golomb(), bits.golomb()
        for _ in range(bits.golomb()):
            bits.golomb()
    bits.golomb()
    has_gaps, _, _ = bits.number(1), bits.golomb(), bits.golomb()
    return _Numbering(n_bits, n_plane_bits, bool(has_gaps), bool(bits.number(1)))


def _skip_scaling_list(bits: _Bits, n: int) -> None:
    if not bits.number(1):
        return
    last = following = 8
    for _ in range(n):
        if following:
            code = bits.golomb()
            following = (last + (code + 1) // 2 * (1 if code % 2 else -1)) % 256
            last = following or last


class _Bits:
    """Reads the bits of a NAL unit in order. Raises ValueError past the end."""

    def __init__(self, data: bytes) -> None:
        # Emulation prevention: the third byte only avoids start codes.
        data = data.replace(b"\0\0\3", b"\0\0")
        self._bits = bin(int.from_bytes(b"\1" + data, "big"))[len("0b1") :]
        self._at = 0

    def number(self, n: int) -> int:
        """Return the next `n` bits as a number."""
        start, self._at = self._at, self._at + n
        if self._at > len(self._bits):
            raise ValueError("no more bits")
        return int(self._bits[start : self._at] or "0", 2)

    def golomb(self) -> int:
        """Return the next Exp-Golomb number."""
        one = self._bits.index("1", self._at)
        n_zeros, self._at = one - self._at, one
        return self.number(n_zeros + 1) - 1
