"""Which films give the same pixels when frames that no other frame refers to are left out, unless they are wanted."""

from __future__ import annotations

from av.video.codeccontext import VideoCodecContext

from vlret.media.video.h264_gaps import H264Gaps
from vlret.media.video.packet_table import PacketTable

_TEMPORAL_LAYERS = 21  # byte of hvcC with `numTemporalLayers` (ISO/IEC 14496-15 8.3.2.1)


def can_skip(codec: VideoCodecContext, table: PacketTable) -> bool:
    """Return whether `codec` may leave out non-reference frames; False in doubt.

    Every packet must be a frame with a time of its own, which a wanted time selects before anything is decoded.
    """
    has_times = table.seekable and len(table.pts) == table.n_packets
    # Where a decoder expects frames out of order and none are, the times belong to other frames.
    is_in_doubt = codec.has_b_frames and not table.is_reordered
    return has_times and not is_in_doubt and _marks_references(codec)


def _marks_references(codec: VideoCodecContext) -> bool:
    """Return whether the packets of the stream say which of them no other frame refers to."""
    name, sets = codec.codec.canonical_name, codec.extradata or b""
    if (
        name == "h264"
    ):  # the two fields of a frame may lie in two packets, of which only one has the wanted time
        return H264Gaps(sets).is_progressive
    # Frames of a higher temporal layer may refer to those that HEVC calls non-reference frames.
    return name == "hevc" and len(sets) > _TEMPORAL_LAYERS and sets[_TEMPORAL_LAYERS] >> 3 & 7 == 1
