"""The table of a video's packets, read once: what the file really holds, and where to seek."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vlret.media.limits import LONG_STILL_S, MAX_PACKETS, MAX_SPAN_S
from vlret.media.unreadable import unreadable
from vlret.media.video.avi import is_order_unknown, shown_times, sound_end_s
from vlret.media.video.container import open_container, packets_of
from vlret.media.video.joined import is_cut_off, part_starts
from vlret.media.video.timestamps import FARTHEST, NO_TIME, Ticks, rising_clock

# Only these containers store where frames lie; in the others a seek lands somewhere.
_SOUGHT = {"mp4", "matroska"}
# In these a step ahead of more than MAX_GAP_S is a jump of the clock, in others a picture that stays.
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
    first: bytes  # packet


def _read_rows(
    path: Path, container: InputContainer, stream: VideoStream, on_progress: Callable[[], None]
) -> _Rows:
    pts, dts, durations, is_key = array("q"), array("q"), array("q"), array("b")
    last_byte, first = 0, b""
    for packet in packets_of(container, stream, on_progress):
        if packet.is_discard:
            continue
        if len(pts) == MAX_PACKETS:
            reason = f"more than {MAX_PACKETS:,} frames"
            raise unreadable(path, reason, "Cut it into shorter files.", "too_many_frames")
        first = first or bytes(packet)
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
        first=first,
    )


def _known(time: int | None, default: int) -> int:
    """`time`, or `default` where there is none or none that can be reckoned with."""
    return default if time is None or abs(time) > FARTHEST else time


def _table(
    path: Path, rows: _Rows, container: InputContainer, stream: VideoStream, on_progress: Callable[[], None]
) -> PacketTable:
    kind, n_packets = container.format.name, len(rows.pts)
    tick_s = float(stream.time_base or 1 / 90_000)
    starts = part_starts(path, kind)
    counted = kind == "avi" and is_order_unknown(stream, rows.first)
    if counted:
        clock = shown_times(path, rows.dts, on_progress)
    else:
        is_joined = len(starts) > 1 or kind in _JOINABLE
        clock = rising_clock(rows.pts, rows.is_key, MAX_GAP_S / tick_s if is_joined else np.inf)
    is_moved = counted or clock is not rows.pts
    has_time = clock != NO_TIME
    keys = np.flatnonzero(rows.is_key & has_time)
    keys = keys[np.argsort(clock[keys], kind="stable")]
    pts = np.unique(clock[has_time])
    step, duration = _step_and_duration(pts, clock, rows, stream, tick_s)
    is_sought = not _SOUGHT.isdisjoint(kind.split(","))
    return PacketTable(
        pts=pts,
        key_pts=clock[keys],
        key_dts=rows.dts[keys],
        duration=duration,
        step=step,
        tick_s=tick_s,
        seekable=is_sought and not is_moved and bool(has_time.all()) and len(keys) > 0,
        n_packets=n_packets,
        moved=np.full(n_packets, NO_TIME) if counted else clock if is_moved else None,
        counted=counted,
        n_damaged=0 if counted else int(np.count_nonzero(~has_time & (rows.pts != NO_TIME))),
        stated_end=_stated_end(path, container, tick_s),
        n_unread=_unread(path, starts, rows.last_byte),
    )


def _step_and_duration(
    pts: Ticks, clock: Ticks, rows: _Rows, stream: VideoStream, tick_s: float
) -> tuple[float, float]:
    """Mean ticks from frame to frame, and ticks from the first frame to the end of the last."""
    rate = float(stream.guessed_rate or stream.average_rate or _DEFAULT_RATE)
    step = max(1 / rate / tick_s, 1.0)
    if len(pts) == 0 or np.count_nonzero(clock != NO_TIME) < len(clock) / 2:
        return step, len(clock) * step
    # The second fields of interlaced frames may have no time, so that half of the packets tell all.
    step = _mean_step(pts, LONG_STILL_S / tick_s, step)
    last = float(rows.durations[int(np.argmax(clock))])
    last = last if 0 < last <= MAX_SPAN_S / tick_s else step
    return step, float(pts[-1] - pts[0]) + last


def _mean_step(pts: Ticks, long_still: float, default: float) -> float:
    """Mean ticks from frame to frame, pictures that stay very long not counted if there are others."""
    gaps = np.diff(pts)
    gaps = gaps[gaps <= long_still] if (gaps <= long_still).any() else gaps
    return float(gaps.mean()) if len(gaps) else default


def _stated_end(path: Path, container: InputContainer, tick_s: float) -> float:
    """Ticks at which the file says it ends; 0 where it does not say or was cut off."""
    if not container.duration or is_cut_off(path, container.format.name):
        return 0.0
    end_s = (container.duration + (container.start_time or 0)) / av.time_base
    if container.format.name == "avi":  # FFmpeg does not count its sound
        end_s = max(end_s, sound_end_s(container))
    return end_s / tick_s


def _unread(path: Path, starts: list[int], last_byte: int) -> int:
    """Bytes from the first appended recording on of which no packet was read."""
    unread = [start for start in starts[1:] if start > last_byte]
    return path.stat().st_size - unread[0] if unread else 0
