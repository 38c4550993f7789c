"""Which frames can be left out without changing any other: those that no other frame refers to, where that is known."""

from __future__ import annotations

from collections.abc import Callable

from av.video.codeccontext import VideoCodecContext

from vlret.media.video.h264_gaps import H264Gaps
from vlret.media.video.nal_units import nal_units
from vlret.media.video.packet_table import PacketTable

IsReference = Callable[[bytes], bool]
"""Says of a packet whether other frames may refer to its frame."""
# Byte of hvcC with the number of temporal layers and the size of lengths (ISO/IEC 14496-15 8.3.2.1).
_HVCC_LAYERS = 21


def references_of(codec: VideoCodecContext, table: PacketTable) -> IsReference | None:
    """Return what tells reference frames from others, None if a film is to be decoded in full, as it is in doubt.

    Every packet must be a frame with a time of its own, so that it is known which packets are wanted.
    """
    has_times = table.seekable and len(table.pts) == table.n_packets
    # Where a decoder expects frames out of order and none are, the times belong to other frames.
    if not has_times or (codec.has_b_frames and not table.is_reordered):
        return None
    known = {"h264": _h264, "hevc": _hevc}.get(codec.codec.canonical_name)
    return known(codec.extradata or b"") if known else None


def _h264(sets: bytes) -> IsReference | None:
    """Frames with `nal_ref_idc` 0 (7.4.1), if each packet is a whole frame and not one of its two fields."""
    gaps = H264Gaps(sets)

    def is_reference(packet: bytes) -> bool:
        heads = [unit[0] for unit in nal_units(packet, gaps.n_length_bytes) if 1 <= unit[0] & 31 <= 5]
        return not heads or any(head & 0x60 or head & 31 > 1 for head in heads)

    return is_reference if gaps.is_progressive else None


def _hevc(sets: bytes) -> IsReference | None:
    """Sub-layer non-reference pictures (7.4.2.2), if there are no higher temporal layers, which may refer to them."""
    if sets[:1] != b"\x01" or len(sets) <= _HVCC_LAYERS or sets[_HVCC_LAYERS] >> 3 & 7 != 1:
        return None
    n_length_bytes = (sets[_HVCC_LAYERS] & 3) + 1

    def is_reference(packet: bytes) -> bool:
        kinds = [unit[0] >> 1 & 63 for unit in nal_units(packet, n_length_bytes)]
        slices = [kind for kind in kinds if kind < 32]
        return not slices or any(kind % 2 or kind > 14 for kind in slices)

    return is_reference
