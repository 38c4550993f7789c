"""A video file: which frame is shown at a time. Decoded by PyAV, with seeks where the file allows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

import av
import numpy as np
from numpy.typing import NDArray

from vlret.errors import MediaError
from vlret.media.frame_size import Size
from vlret.media.info import MediaInfo
from vlret.media.limits import LONG_STILL_S, MAX_SPAN_S
from vlret.media.unreadable_error import UnreadableError
from vlret.media.video.frame_pixels import Orientation, frame_pixels, orientation_of
from vlret.media.video.packet_cache import packet_table
from vlret.media.video.packet_table import PacketTable
from vlret.media.video.stream import FrameStream, Shown
from vlret.types import Pixels

TOLERANCE_S = 1e-6
"""A time up to this much before a frame's timestamp still selects that frame (floating-point errors)."""
_MIN_SEEK_FRAMES = 8  # decoding fewer frames is cheaper than a seek


class Video:
    """An open video; times are requested in ascending order. It decodes forward and seeks over unneeded frames.

    Attributes:
        path: the file.
        info: what the file holds.
        on_progress: called as packets are read and decoded.
        decoded_end: seconds at which the last decodable frame ends; None until it was reached.
    """

    def __init__(self, path: Path, on_progress: Callable[[], None] = lambda: None) -> None:
        self.path, self.on_progress = path, on_progress
        self._table = packet_table(path, on_progress)
        self._may_seek, self._used = self._table.seekable, False
        self._wanted: frozenset[int] | None = None  # see FrameStream
        self.decoded_end: float | None = None
        self._cached: tuple[int, tuple[int, int], Pixels] | None = None
        self._open()
        try:
            self._read_info()
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    @property
    def starts(self) -> NDArray[np.float64]:
        """The times float64 [n] in seconds, ascending from 0, at which new frames are shown."""
        table = self._table
        if len(table.pts) < table.n_packets / 2:
            return np.arange(table.n_packets, dtype=np.float64) * (table.step * table.tick_s)
        shown = table.pts[table.pts > self._first_pts]
        return np.append(0.0, (shown - self._first_pts) * table.tick_s).astype(np.float64)

    @property
    def warnings(self) -> list[str]:
        """Oddities of a file that can be read."""
        table, found = self._table, list(self._stream.warnings)
        if table.n_unread:
            found.append(
                f"holds {table.n_unread} bytes of another recording after its end, which are not read"
            )
        if table.n_damaged:
            found.append(f"damaged timestamps: {table.n_damaged}")
        begin, end = table.longest_still()
        if end - begin > LONG_STILL_S:
            found.append(f"one frame is shown from {begin:.1f} to {end:.1f} s: a timestamp may be damaged")
        return found

    @property
    def first_s(self) -> float:
        """The time stamp in the file of the first frame shown, in seconds."""
        return self._first_pts * self._table.tick_s

    @property
    def tick_s(self) -> float:
        """Seconds per tick of the timestamps in the file."""
        return self._table.tick_s

    def keyframe_at(self, time: float) -> tuple[int, int] | None:
        """Return pts and dts, in ticks, of the keyframe that begins at `time` seconds; None if none does."""
        table = self._table
        wanted = self._first_pts + time / table.tick_s
        key = int(np.searchsorted(table.key_pts, wanted - TOLERANCE_S / table.tick_s))
        if key == len(table.key_pts) or table.key_pts[key] > wanted + TOLERANCE_S / table.tick_s:
            return None
        return int(table.key_pts[key]), int(table.key_dts[key])

    @property
    def has_new_times(self) -> bool:
        """Whether frame times differ from the timestamps in the file, because recordings were joined."""
        return self._table.new_pts is not None and not self._table.in_display_order

    @property
    def damaged_at(self) -> float | None:
        """Seconds of the last frame before the first damage found so far; None without damage."""
        pts = self._stream.damaged_pts
        return None if pts is None else self._seconds(pts)

    def frames_at(self, times: Sequence[float], size: Size | None) -> Iterator[tuple[float, Pixels]]:
        """Yield the timestamp and pixels of the frame shown at each of the ascending `times` (s).

        Past the end this is the last frame that can be decoded.
        """
        self._begin_pass(times)
        for time in times:
            shown = self._shown_at(time)
            yield self._seconds(shown.pts), self._pixels(shown, size)

    def frames_between(
        self, start_s: float, end_s: float, size: Size | None
    ) -> Iterator[tuple[float, Pixels]]:
        """Yield timestamp and pixels of the frame shown at `start_s` and of all that follow before `end_s`."""
        self._begin_pass()
        shown = self._shown_at(start_s)
        yield self._seconds(shown.pts), self._pixels(shown, size)
        while (following := self._next()) is not None and self._seconds(following.pts) < end_s - TOLERANCE_S:
            yield self._seconds(following.pts), self._pixels(following, size)

    def every_frame(self, size: Size | None) -> Iterator[tuple[float, Pixels]]:
        """Yield timestamp and pixels of every frame, from the first on."""
        self._begin_pass()
        while (shown := self._next()) is not None:
            yield self._seconds(shown.pts), self._pixels(shown, size)

    def _open(self) -> None:
        self._stream = FrameStream(self.path, self._table, self.on_progress)
        self._stream.wanted = self._wanted
        self._frames = self._stream.from_start()
        self._sought = False
        self._current: Shown | None = None  # the frame shown at the last time requested
        self._ahead: Shown | None = None  # decoded, but shown later

    def _begin_pass(self, times: Sequence[float] = ()) -> None:
        """Begin to decode forward; all frames if no `times` are given."""
        skips = len(times) > 0 and self._may_seek and self._stream.can_skip
        self._wanted = frozenset(map(self._wanted_pts, times)) if skips else None
        if self._used:
            self._rewind()
        self._used, self.decoded_end = True, None
        self._stream.wanted = self._wanted

    def _rewind(self) -> None:
        self._stream.close()
        self._open()

    def _read_info(self) -> None:
        first = self._next()
        if first is None:
            raise self._not_decodable()
        self._ahead, self._first_pts = first, first.pts
        self._orientation = orientation_of(first.frame)
        self.info = _describe(first, self._orientation, self._table, self._stream)
        if self.info.duration > MAX_SPAN_S:
            reason = f"its timestamps span {self.info.duration:.0f} s"
            raise UnreadableError(self.path, reason, "Remux the file.", code="too_long")

    def _seconds(self, pts: int) -> float:
        return (pts - self._first_pts) * self._table.tick_s

    def _pixels(self, shown: Shown, size: Size | None) -> Pixels:
        size = size or (self.info.width, self.info.height)
        if self._cached is None or self._cached[:2] != (shown.pts, size):
            self._cached = (shown.pts, size, self._convert(shown, size))
        return self._cached[2]

    def _convert(self, shown: Shown, size: tuple[int, int]) -> Pixels:
        try:
            return frame_pixels(shown.frame, size, self._orientation)
        except MemoryError:
            raise
        except av.FFmpegError as error:
            reason = f"{shown.frame.format.name} frames cannot be converted to {size[0]} x {size[1]}"
            hint = "Use a smaller size, or convert the video, to H.264 in MP4 for example."
            raise UnreadableError(self.path, reason, hint, code="not_convertible") from error

    def _shown_at(self, time: float) -> Shown:
        wanted = self._wanted_pts(time)
        if self._may_seek:
            self._seek_if_far(wanted)
        shown = self._run_to(wanted)
        if (self._sought or self._wanted is not None) and (shown is None or shown.frame.pts != wanted):
            # What was decoded did not give the frame: damage, or a keyframe that cannot be decoded on its own.
            self._may_seek, self._wanted = False, None
            self._rewind()
            shown = self._run_to(wanted)
        if shown is None:
            raise self._not_decodable()
        return shown

    def _wanted_pts(self, time: float) -> int:
        """Return the time in ticks of the frame shown at `time`; at most that where the file cannot be sought."""
        wanted = self._first_pts + int(np.floor((time + TOLERANCE_S) / self._table.tick_s))
        if self._may_seek:
            row = int(np.searchsorted(self._table.pts, wanted, side="right")) - 1
            wanted = max(int(self._table.pts[max(row, 0)]), self._first_pts)
        return wanted

    def _not_decodable(self) -> MediaError:
        hint = "Check that it plays in a player."
        return UnreadableError(self.path, "no frame can be decoded", hint, code="no_frames")

    def _run_to(self, wanted: int) -> Shown | None:
        """Decode up to the last frame shown at or before `wanted`."""
        while self._current is None or self._current.pts < wanted:
            following = self._next()
            if following is None:
                self._note_end()
                break
            if following.pts > wanted and self._current is not None:
                self._ahead = following
                break
            self._current = following
        return self._current

    def _next(self) -> Shown | None:
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            return ahead
        return next(self._frames, None)

    def _note_end(self) -> None:
        if self._current is not None:
            end = self._seconds(self._current.pts + round(self._table.step))
            last = len(self._table.pts) == 0 or self._current.pts >= self._table.pts[-1]
            self.decoded_end = max(end, self.info.shown_until) if last else end

    def _seek_if_far(self, wanted: int) -> None:
        """Seek to the last keyframe shown at or before `wanted` if it is far ahead."""
        key = int(np.searchsorted(self._table.key_pts, wanted, side="right")) - 1
        here = self._current.pts if self._current is not None else self._first_pts
        if key >= 0 and self._count_frames(here, int(self._table.key_pts[key])) >= _MIN_SEEK_FRAMES:
            self._frames, self._sought = self._stream.from_key(key), True
            self._current = self._ahead = None

    def _count_frames(self, start: int, end: int) -> int:
        first, last = np.searchsorted(self._table.pts, (start, end))
        return int(last - first)


def _describe(first: Shown, orientation: Orientation, table: PacketTable, stream: FrameStream) -> MediaInfo:
    frame = first.frame
    width, height = orientation.size(frame.width, frame.height)
    shown = table.pts[table.pts >= first.pts]
    n_frames = len(shown) if len(table.pts) == table.n_packets else None
    lead = max(0, first.pts - int(table.pts[0])) if len(table.pts) == table.n_packets else 0
    duration = (table.duration - lead) * table.tick_s
    return MediaInfo(
        kind="video",
        duration=duration,
        width=width,
        height=height,
        n_frames=n_frames,
        fps=1 / (table.step * table.tick_s) if table.n_packets > 1 else None,
        codec=stream.codec_name,
        rotation=orientation.rotation,
        has_index=table.seekable,
        shown_until=max(duration, (table.stated_end - first.pts) * table.tick_s),
        taken=stream.taken,
    )
