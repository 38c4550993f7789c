"""The table of a video's packets, read once: what the file really holds, and where to seek."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vlret.errors import MediaError
from vlret.media.clock import FARTHEST, NO_TIME, Ticks, rising_clock
from vlret.media.container import open_container, packets_of
from vlret.media.limits import LONG_STILL_S, MAX_PACKETS
from vlret.media.parts import is_cut_off, part_starts

# Only these containers store where frames lie; in the others a seek lands somewhere.
_SOUGHT = {"mp4", "matroska"}
# In these a step ahead of more than MAX_GAP_S is a jump of the clock, in others a picture that stays.
_JOINABLE = {"mpegts", "mpeg"}
MAX_GAP_S = 10.0
_DEFAULT_RATE = 25.0
# AVI stores no times, only the order of decoding. FFmpeg does not know the order of showing for these codecs, nor
# for MPEG-4 with two frames in one packet, which its encoders sign so.
_ORDER_UNKNOWN = {"h264", "hevc"}
_PACKED = re.compile(rb"DivX\d+(b|Build)\d+p")
_HEAD_BYTES = 1024
_TAIL = 1000  # packets of sound read at most to find its end


@dataclass(frozen=True, slots=True)
class PacketTable:
    """All packets that show a frame. Times are in ticks of `tick_s` seconds.

    pts: int64 [n], rising: when each frame is shown.
    key_pts, key_dts: int64 [k], rising: keyframes.
    duration: ticks from the first frame to the end of the last.
    step: mean ticks from frame to frame, at least 1.
    tick_s: seconds a tick.
    seekable: every packet has its own time, in a container that can seek.
    n_packets: packets read, those without a time included.
    moved: int64 [n_packets], times that stand for those in the file; None where the file's own are good.
    counted: the times are those of the first, second, ... frame shown, whichever packet it comes from.
    n_damaged: time stamps that were left out because they cannot be right.
    stated_end: ticks of the end that the file states for all its streams; sound may go on under the last picture.
    n_unread: bytes of recordings that were appended to the first and are not read.
    """

    pts: Ticks
    key_pts: Ticks
    key_dts: Ticks
    duration: float
    step: float
    tick_s: float
    seekable: bool
    n_packets: int
    moved: Ticks | None
    counted: bool
    n_damaged: int
    stated_end: float
    n_unread: int

    @property
    def n_bytes(self) -> int:
        """Memory that the table takes."""
        arrays = (self.pts, self.key_pts, self.key_dts, self.moved)
        return sum(array.nbytes for array in arrays if array is not None)

    def after(self, pts: int | None) -> int:
        """When the frame is shown that follows the one at `pts` (the first one for None), if it has no time."""
        if self.counted:
            row = 0 if pts is None else int(np.searchsorted(self.pts, pts, side="right"))
            if row < len(self.pts):
                return int(self.pts[row])
        return 0 if pts is None else pts + round(self.step)

    def before(self, number: int, last: int | None) -> int | None:
        """When the frame is shown before keyframe packet `number`, `last` if that is known from its time."""
        if number == 0 or (len(self.pts) and not self.counted):
            return last
        time = int(self.pts[number - 1]) if self.counted else round((number - 1) * self.step)
        return time if last is None else max(last, time)

    def longest_still(self) -> tuple[float, float]:
        """Seconds from the first frame at which the picture begins and ends that stays longest."""
        if len(self.pts) < 2:
            return 0.0, 0.0
        row = int(np.argmax(np.diff(self.pts)))
        begin, end = (self.pts[row : row + 2] - self.pts[0]) * self.tick_s
        return float(begin), float(end)


def read_packets(path: Path, on_progress: Callable[[], None]) -> PacketTable:
    """Demux the whole file once, decoding nothing.

    Raises:
        MediaError: as `open_container`; also more than MAX_PACKETS packets.
    """
    container, stream = open_container(path)
    with container:
        rows = _read_rows(path, container, stream, on_progress)
        return _table(path, rows, container, stream, on_progress)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Packets in file order: int64 [n] each, pts NO_TIME where there is none; is_key bool [n]."""

    pts: Ticks
    dts: Ticks
    durations: Ticks
    is_key: NDArray[np.bool_]
    last_byte: int  # at which a packet begins
    head: bytes  # of the first packet


def _read_rows(
    path: Path, container: InputContainer, stream: VideoStream, on_progress: Callable[[], None]
) -> _Rows:
    pts, dts, durations, is_key = array("q"), array("q"), array("q"), array("b")
    last_byte, head = 0, b""
    for packet in packets_of(container, stream, on_progress):
        if packet.is_discard:
            continue
        if len(pts) == MAX_PACKETS:
            raise MediaError(f"{path}: more than {MAX_PACKETS:,} frames.", "Cut it into shorter files.")
        head = head or bytes(packet)[:_HEAD_BYTES]
        pts.append(_known(packet.pts, NO_TIME))
        dts.append(_known(packet.dts, pts[-1]))
        durations.append(packet.duration or 0)
        is_key.append(packet.is_keyframe)
        last_byte = max(last_byte, packet.pos or 0)
    return _Rows(
        pts=np.array(pts, np.int64),
        dts=np.array(dts, np.int64),
        durations=np.array(durations, np.int64),
        is_key=np.array(is_key, np.bool_),
        last_byte=last_byte,
        head=head,
    )


def _known(time: int | None, default: int) -> int:
    """`time`, or `default` where there is none or none that can be reckoned with."""
    return default if time is None or abs(time) > FARTHEST else time


def _table(
    path: Path,
    rows: _Rows,
    container: InputContainer,
    stream: VideoStream,
    on_progress: Callable[[], None],
) -> PacketTable:
    kind, n_packets = container.format.name, len(rows.pts)
    rate = float(stream.guessed_rate or stream.average_rate or _DEFAULT_RATE)
    tick_s = float(stream.time_base or 1 / 90_000)
    counted = kind == "avi" and _is_order_unknown(stream, rows.head)
    starts = part_starts(path, kind)
    is_joined = len(starts) > 1 or kind in _JOINABLE
    max_gap = MAX_GAP_S / tick_s if is_joined else np.inf
    clock = (
        _counted_times(path, rows.dts, on_progress)
        if counted
        else rising_clock(rows.pts, rows.is_key, max_gap)
    )
    is_moved = counted or clock is not rows.pts
    times = clock[clock != NO_TIME]
    pts, keys = np.unique(times), np.flatnonzero(rows.is_key & (clock != NO_TIME))
    keys = keys[np.argsort(clock[keys], kind="stable")]
    has_times = 0 < len(times) >= n_packets / 2  # the second fields of interlaced frames may have none
    usual = max(1 / rate / tick_s, 1.0)
    step = _mean_step(pts, LONG_STILL_S / tick_s, usual) if has_times else usual
    last = (rows.durations[int(np.argmax(clock))] or step) if has_times else 0
    duration = float(pts[-1] - pts[0] + last) if has_times else n_packets * step
    sought = not _SOUGHT.isdisjoint(kind.split(","))
    return PacketTable(
        pts=pts,
        key_pts=clock[keys],
        key_dts=rows.dts[keys],
        duration=duration,
        step=step,
        tick_s=tick_s,
        seekable=sought and not is_moved and len(times) == n_packets and len(keys) > 0,
        n_packets=n_packets,
        moved=np.full(n_packets, NO_TIME) if counted else clock if is_moved else None,
        counted=counted,
        stated_end=_stated_end(path, container, tick_s),
        n_unread=_unread(path, starts, rows.last_byte),
        n_damaged=0 if counted else int(np.sum(clock != rows.pts, where=clock == NO_TIME)),
    )


def _is_order_unknown(stream: VideoStream, head: bytes) -> bool:
    codec = stream.codec_context
    is_packed = codec.name == "mpeg4" and _PACKED.search((codec.extradata or b"") + head) is not None
    return codec.name in _ORDER_UNKNOWN or is_packed


def _counted_times(path: Path, dts: Ticks, on_progress: Callable[[], None]) -> Ticks:
    """Times of the first, second, ... frame shown: each is shown when as many packets are in as wait for it."""
    delay = _decoding_delay(path, on_progress)
    rising = np.sort(dts)
    return np.append(rising[delay:], rising[-1:] + 1 + np.arange(min(delay, len(dts))))


def _decoding_delay(path: Path, on_progress: Callable[[], None]) -> int:
    """Packets that the decoder takes in before the one after which the first frame comes out."""
    container, stream = open_container(path)
    with container, suppress(av.FFmpegError):
        for number, packet in enumerate(packets_of(container, stream, on_progress)):
            if stream.codec_context.decode(packet):
                return number
    return 0


def _stated_end(path: Path, container: InputContainer, tick_s: float) -> float:
    """Ticks at which the file says it ends; 0 where it does not say or was cut off."""
    if not container.duration or is_cut_off(path, container.format.name):
        return 0.0
    end_s = (container.duration + (container.start_time or 0)) / av.time_base
    if container.format.name == "avi":  # FFmpeg does not count its sound
        end_s = max(end_s, _sound_end_s(container))
    return end_s / tick_s


def _sound_end_s(container: InputContainer) -> float:
    """Seconds at which the last packet of sound ends, found by a seek to the end."""
    stream = next(iter(container.streams.audio), None)
    if stream is None:
        return 0.0
    end_s = 0.0
    with suppress(av.FFmpegError, IndexError):
        container.seek(FARTHEST, stream=stream)
        for packet in islice(container.demux(stream), _TAIL):
            if packet.pts is not None:
                end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return end_s


def _unread(path: Path, starts: list[int], last_byte: int) -> int:
    """Bytes from the first appended recording on of which no packet was read."""
    unread = [start for start in starts[1:] if start > last_byte]
    return path.stat().st_size - unread[0] if unread else 0


def _mean_step(pts: Ticks, long_still: float, default: float) -> float:
    """Mean ticks from frame to frame, pictures that stay very long not counted if there are others."""
    gaps = np.diff(pts)
    gaps = gaps[gaps <= long_still] if (gaps <= long_still).any() else gaps
    return float(gaps.mean()) if len(gaps) else default
