"""What an AVI does not store: when frames are shown, and how long its audio is.

It holds no timestamps, only the decoding order. For most codecs FFmpeg derives the display order from it.
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
from vlret.media.video.timestamps import MAX_TICKS, Ticks

_ORDER_UNKNOWN = {"h264", "hevc"}
# The signature of encoders that put two MPEG-4 frames into one packet.
_PACKED = re.compile(rb"DivX\d+(b|Build)\d+p")
_HEAD_BYTES = 1024
_TAIL = 1000  # audio packets read at most to find the end


def is_display_order_unknown(stream: VideoStream, first_packet: bytes) -> bool:
    """Return whether FFmpeg does not know in which order the frames of an AVI are shown."""
    codec = stream.codec_context
    head = (codec.extradata or b"") + first_packet[:_HEAD_BYTES]
    return codec.name in _ORDER_UNKNOWN or (codec.name == "mpeg4" and _PACKED.search(head) is not None)


def display_times(path: Path, dts: Ticks, on_progress: Callable[[], None]) -> Ticks:
    """Return the times int64 [n] of the first, second, ... frame shown; `dts` int64 [n] are the decoding times."""
    delay = min(_decoding_delay(path, on_progress), len(dts))
    rising = np.sort(dts)
    return np.append(rising[delay:], rising[-1:] + 1 + np.arange(delay))


def _decoding_delay(path: Path, on_progress: Callable[[], None]) -> int:
    """Return how many packets the decoder takes before the one after which it returns the first frame."""
    container, stream = open_container(path)
    with container, suppress(av.FFmpegError):
        for number, packet in enumerate(packets_of(container, stream, on_progress)):
            if stream.codec_context.decode(packet):
                return number
    return 0


def audio_end_s(container: InputContainer) -> float:
    """Return the seconds at which the last audio packet ends, found by a seek to the end; 0 if there is no audio."""
    stream = next(iter(container.streams.audio), None)
    end_s = 0.0
    if stream is None:
        return end_s
    with suppress(av.FFmpegError, IndexError):
        container.seek(MAX_TICKS, stream=stream)
        for packet in islice(container.demux(stream), _TAIL):
            if packet.pts is not None:
                end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return end_s
