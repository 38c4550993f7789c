"""What an AVI does not say: when frames are shown, and how long its sound is.

It stores no times, only the order of decoding. FFmpeg reckons the order of showing from that for most codecs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from vlret.media.video.container import open_container, packets_of
from vlret.media.video.timestamps import FARTHEST, Ticks

_ORDER_UNKNOWN = {"h264", "hevc"}
# Encoders that put two MPEG-4 frames in one packet sign so.
_PACKED = re.compile(rb"DivX\d+(b|Build)\d+p")
_HEAD_BYTES = 1024
_TAIL = 1000  # packets of sound read at most to find its end


def is_order_unknown(stream: VideoStream, first_packet: bytes) -> bool:
    """Whether FFmpeg does not know in which order the frames of an AVI are shown."""
    codec = stream.codec_context
    head = (codec.extradata or b"") + first_packet[:_HEAD_BYTES]
    return codec.name in _ORDER_UNKNOWN or (codec.name == "mpeg4" and _PACKED.search(head) is not None)


def shown_times(path: Path, dts: Ticks, on_progress: Callable[[], None]) -> Ticks:
    """Times int64 [n] of the first, second, ... frame shown, `dts` int64 [n] those at which packets are decoded."""
    delay = min(_decoding_delay(path, on_progress), len(dts))
    rising = np.sort(dts)
    return np.append(rising[delay:], rising[-1:] + 1 + np.arange(delay))


def _decoding_delay(path: Path, on_progress: Callable[[], None]) -> int:
    """Packets that the decoder takes in before the one after which the first frame comes out."""
    container, stream = open_container(path)
    with container, suppress(av.FFmpegError):
        for number, packet in enumerate(packets_of(container, stream, on_progress)):
            if stream.codec_context.decode(packet):
                return number
    return 0


def sound_end_s(container: InputContainer) -> float:
    """Seconds at which the last packet of sound ends, found by a seek to the end; 0 if there is no sound."""
    stream = next(iter(container.streams.audio), None)
    end_s = 0.0
    if stream is None:
        return end_s
    with suppress(av.FFmpegError, IndexError):
        container.seek(FARTHEST, stream=stream)
        for packet in islice(container.demux(stream), _TAIL):
            if packet.pts is not None:
                end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return end_s
