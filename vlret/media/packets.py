"""The table of a video's packets, read once: what the file really holds, and where to seek."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vlret.media.container import open_container, packets_of

Ticks = NDArray[np.int64]

# Only these containers store where frames lie; in the others a seek lands somewhere.
_SOUGHT = {"mp4", "matroska"}
# Recordings of these are joined by mere appending: their clock may jump back, or ahead.
_JOINABLE = {"mpegts", "mpeg"}
MAX_GAP_S = 10.0
_DEFAULT_RATE = 25.0


@dataclass(frozen=True, slots=True)
class PacketTable:
    """All packets that show a frame. Times are in ticks of `tick_s` seconds.

    pts: int64 [n], rising: when each frame is shown.
    key_pts, key_dts: int64 [k], rising: keyframes.
    duration: ticks from the first frame to the end of the last.
    step: mean ticks from frame to frame, at least 1.
    max_gap: ticks between two frames beyond which the clock is taken to have jumped.
    seekable: every packet has its own time, in a container that can seek.
    n_packets: packets read, those without a time included.
    """

    pts: Ticks
    key_pts: Ticks
    key_dts: Ticks
    duration: float
    step: float
    max_gap: float
    tick_s: float
    seekable: bool
    n_packets: int


def read_packets(path: Path, on_progress: Callable[[], None]) -> PacketTable:
    """Demux the whole file once, decoding nothing."""
    container, stream = open_container(path)
    with container:
        rows = array("q")  # four numbers a packet: a long video has a million packets
        for packet in packets_of(container, stream, on_progress):
            if not packet.is_discard:
                rows.extend(_row(packet))
        rate = float(stream.guessed_rate or stream.average_rate or _DEFAULT_RATE)
        tick_s = float(stream.time_base or 1 / 90_000)
        return _table(rows, container.format.name, rate, tick_s)


_NO_TIME = np.iinfo(np.int64).min


def _row(packet: Packet[VideoStream]) -> tuple[int, int, int, int]:
    """pts, dts, duration, whether it is a keyframe."""
    pts = _NO_TIME if packet.pts is None else packet.pts
    dts = pts if packet.dts is None else packet.dts
    return pts, dts, packet.duration or 0, int(packet.is_keyframe)


def _table(rows: array[int], kind: str, rate: float, tick_s: float) -> PacketTable:
    table = np.array(rows, np.int64).reshape(-1, 4)
    timed = table[table[:, 0] != _NO_TIME]
    by_pts = timed[np.argsort(timed[:, 0], kind="stable")]
    pts, keys = np.unique(timed[:, 0]), by_pts[by_pts[:, 3] == 1]
    has_times = 0 < len(timed) >= len(table) / 2  # the second fields of interlaced frames may have none
    step = max(1 / rate / tick_s, 1.0)
    duration = len(table) * step
    max_gap = MAX_GAP_S / tick_s if kind in _JOINABLE else np.inf
    if has_times:
        gaps = np.diff(pts if kind not in _JOINABLE else timed[:, 1])
        good = gaps[(gaps > 0) & (gaps <= max_gap)]
        step = max(float(good.mean()), 1.0) if len(good) else step
        duration = float(good.sum()) + (len(gaps) - len(good)) * step + (float(by_pts[-1, 2]) or step)
    seekable = not _SOUGHT.isdisjoint(kind.split(",")) and len(timed) == len(table) and len(keys) > 0
    return PacketTable(pts, keys[:, 0], keys[:, 1], duration, step, max_gap, tick_s, seekable, len(table))
