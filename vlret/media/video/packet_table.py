"""`PacketTable`: when each frame of a video is shown, and where to seek."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vlret.media.video.timestamps import Ticks


@dataclass(frozen=True, slots=True)
class PacketTable:
    """All packets that show a frame. Times are in ticks of `tick_s` seconds.

    Attributes:
        pts: int64 [n], ascending: when each frame is shown.
        key_pts, key_dts: int64 [k], ascending: keyframes.
        duration: ticks from the first frame to the end of the last.
        step: mean ticks from frame to frame, at least 1.
        tick_s: seconds per tick.
        seekable: every packet has its own time, in a container with an index.
        n_packets: packets read, those without a time included.
        new_pts: int64 [n_packets], times that replace those in the file; None where the file's own are good.
        is_reordered: packets are not stored in the order in which they are shown.
        in_display_order: the times are those of the first, second, ... frame shown, whichever packet it comes from.
        n_damaged: timestamps that were left out because they cannot be right.
        stated_end: ticks of the end that the file states for all its streams; audio may be longer than the video.
        n_unread: bytes of appended recordings that are not read.
    """

    pts: Ticks
    key_pts: Ticks
    key_dts: Ticks
    duration: float
    step: float
    tick_s: float
    seekable: bool
    n_packets: int
    new_pts: Ticks | None
    is_reordered: bool
    in_display_order: bool
    n_damaged: int
    stated_end: float
    n_unread: int

    @property
    def n_bytes(self) -> int:
        """Memory of the table."""
        arrays = (self.pts, self.key_pts, self.key_dts, self.new_pts)
        return sum(array.nbytes for array in arrays if array is not None)

    def next_pts(self, pts: int | None) -> int:
        """Return the time of a frame without one that follows the frame at `pts` (None: the first frame)."""
        if self.in_display_order:
            row = 0 if pts is None else int(np.searchsorted(self.pts, pts, side="right"))
            if row < len(self.pts):
                return int(self.pts[row])
        return 0 if pts is None else pts + round(self.step)

    def pts_before_key(self, number: int, last: int | None) -> int | None:
        """Return the time of the frame before keyframe packet `number`; `last` is that of the last frame decoded."""
        if number == 0 or (len(self.pts) and not self.in_display_order):
            return last
        time = int(self.pts[number - 1]) if self.in_display_order else round((number - 1) * self.step)
        return time if last is None else max(last, time)

    def longest_still(self) -> tuple[float, float]:
        """Return when the frame begins and ends that is shown longest, in seconds from the first frame."""
        if len(self.pts) < 2:
            return 0.0, 0.0
        row = int(np.argmax(np.diff(self.pts)))
        begin, end = (self.pts[row : row + 2] - self.pts[0]) * self.tick_s
        return float(begin), float(end)
