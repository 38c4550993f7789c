"""Reading the packet table of a video: what the file really holds, whatever its header says."""

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
from vlret.media.unreadable_error import UnreadableError
from vlret.media.video.avi import audio_end_s, display_times, is_display_order_unknown
from vlret.media.video.container import open_container, packets_of
from vlret.media.video.joined import is_cut_off, recording_starts
from vlret.media.video.packet_table import PacketTable
from vlret.media.video.timestamps import MAX_TICKS, NO_TIME, Ticks, monotonic_times

# Only these containers store where frames are; in the others a seek is inexact.
_SEEKABLE = {"mp4", "matroska"}
# In these a step of more than MAX_GAP_S is a jump of the timestamps, in others a still picture.
_JOINABLE = {"mpegts", "mpeg"}
MAX_GAP_S = 10.0
_DEFAULT_RATE = 25.0


def read_packets(path: Path, on_progress: Callable[[], None]) -> PacketTable:
    """Demux the whole file once without decoding.

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
            raise UnreadableError(path, reason, "Cut it into shorter files.", code="too_many_frames")
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
    """Return `time`, or `default` where there is none or one that is out of range."""
    return default if time is None or abs(time) > MAX_TICKS else time


def _table(
    path: Path, rows: _Rows, container: InputContainer, stream: VideoStream, on_progress: Callable[[], None]
) -> PacketTable:
    kind, tick_s = container.format.name, float(stream.time_base or 1 / 90_000)
    starts = recording_starts(path, kind)
    new_pts: Ticks | None
    in_display_order = kind == "avi" and is_display_order_unknown(stream, rows.first)
    if in_display_order:
        times = display_times(path, rows.dts, on_progress)
        new_pts = np.full(len(rows.pts), NO_TIME)
    else:
        is_joined = len(starts) > 1 or kind in _JOINABLE
        times = monotonic_times(rows.pts, rows.is_key, MAX_GAP_S / tick_s if is_joined else np.inf)
        new_pts = None if times is rows.pts else times
    has_time = times != NO_TIME
    keys = _keyframes(times, rows.is_key)
    pts = np.unique(times[has_time])
    step, duration = _step_and_duration(pts, times, rows, stream, tick_s)
    has_index = not _SEEKABLE.isdisjoint(kind.split(","))
    return PacketTable(
        pts=pts,
        key_pts=times[keys],
        key_dts=rows.dts[keys],
        duration=duration,
        step=step,
        tick_s=tick_s,
        seekable=has_index and new_pts is None and bool(has_time.all()) and len(keys) > 0,
        n_packets=len(rows.pts),
        new_pts=new_pts,
        is_reordered=bool((np.diff(times[has_time]) < 0).any()),
        in_display_order=in_display_order,
        n_damaged=0 if in_display_order else int(np.count_nonzero(~has_time & (rows.pts != NO_TIME))),
        stated_end=_stated_end(path, container, tick_s),
        n_unread=_unread(path, starts, rows.last_byte),
    )


def _keyframes(times: Ticks, is_key: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the packet numbers of the keyframes with a time, in the order shown."""
    keys = np.flatnonzero(is_key & (times != NO_TIME))
    return keys[np.argsort(times[keys], kind="stable")]


def _step_and_duration(
    pts: Ticks, times: Ticks, rows: _Rows, stream: VideoStream, tick_s: float
) -> tuple[float, float]:
    """Return the mean ticks from frame to frame, and the ticks from the first frame to the end of the last."""
    rate = float(stream.guessed_rate or stream.average_rate or _DEFAULT_RATE)
    step = max(1 / rate / tick_s, 1.0)
    if len(pts) == 0 or np.count_nonzero(times != NO_TIME) < len(times) / 2:
        return step, len(times) * step
    # The second fields of interlaced frames may have no time: half of the packets are enough.
    step = _mean_step(pts, LONG_STILL_S / tick_s, step)
    last = float(rows.durations[int(np.argmax(times))])
    last = last if 0 < last <= MAX_SPAN_S / tick_s else step
    return step, float(pts[-1] - pts[0]) + last


def _mean_step(pts: Ticks, long_still: float, default: float) -> float:
    """Return the mean ticks from frame to frame; very long stills are not counted if there are other frames."""
    gaps = np.diff(pts)
    gaps = gaps[gaps <= long_still] if (gaps <= long_still).any() else gaps
    return float(gaps.mean()) if len(gaps) else default


def _stated_end(path: Path, container: InputContainer, tick_s: float) -> float:
    """Return the ticks at which the file says it ends; 0 if it does not say so or was cut off."""
    if not container.duration or is_cut_off(path, container.format.name):
        return 0.0
    end_s = (container.duration + (container.start_time or 0)) / av.time_base
    if container.format.name == "avi":  # FFmpeg does not count its audio
        end_s = max(end_s, audio_end_s(container))
    return end_s / tick_s


def _unread(path: Path, starts: list[int], last_byte: int) -> int:
    """Return the bytes from the first appended recording on of which no packet was read."""
    unread = [start for start in starts[1:] if start > last_byte]
    return path.stat().st_size - unread[0] if unread else 0
