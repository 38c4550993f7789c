"""One rising clock for all packets of a file, where their time stamps jump.

Recordings that were joined by appending one file to another start their clock again at each joint; a damaged
time stamp lies far from those around it. Packets are stored in the order in which they are decoded, so up to
REORDER frames that are shown earlier may follow one that is shown later: these are no jump.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

Ticks = NDArray[np.int64]

NO_TIME = int(np.iinfo(np.int64).min)
FARTHEST = 1 << 60  # ticks; no clock runs so long, and sums of such times must not overflow
REORDER = 16
_FEW = 4  # more time stamps than this in a row are not damaged: the clock has changed
_AHEAD = 8  # packets looked at to see whether the clock goes on as before


def rising_clock(pts: Ticks, is_key: NDArray[np.bool_], max_gap: float) -> Ticks:
    """The time of each packet on one clock; `pts` itself where nothing jumps.

    Args:
        pts: int64 [n], time stamps in ticks in file order, at most FARTHEST from 0; NO_TIME where a packet has none.
        is_key: bool [n], keyframes.
        max_gap: ticks beyond which a step forward is a jump of the clock; infinity where it is a still picture.

    Returns:
        int64 [n]; NO_TIME also where the time stamp is damaged. A recording that was appended begins one usual
        step after the last frame of the one before.
    """
    rows = np.flatnonzero(pts != NO_TIME)
    times, keys = pts[rows], is_key[rows]
    step = usual_step(times)
    if _is_regular(times, keys, max_gap, step):
        return pts
    clock = pts.copy()
    clock[rows] = _Clock(times.tolist(), keys.tolist(), max_gap, step).read()
    return clock


def usual_step(times: Ticks) -> int:
    """Median ticks from frame to frame, at least 1."""
    steps = np.diff(np.unique(times))
    return max(1, int(np.median(steps))) if len(steps) else 1


def _is_regular(times: Ticks, keys: NDArray[np.bool_], max_gap: float, step: int) -> bool:
    highest = np.maximum.accumulate(times)
    behind = times[1:] < highest[:-1]
    jumps = (
        (keys[1:] & behind).any()
        or (times[REORDER + 1 :] < highest[: -REORDER - 1]).any()
        or (times[1:] - highest[:-1] > max_gap).any()
    )
    tail = times[-REORDER - 1 :].tolist()
    return not jumps and not _far_ahead(tail, step)


def _far_ahead(tail: list[int], step: int) -> list[int]:
    """Which of the last time stamps lie far ahead of the many that follow."""
    return [
        number
        for number, time in enumerate(tail[:-_AHEAD])
        if time - max(tail[number + 1 :]) > REORDER * step
    ]


class _Clock:
    """Reads time stamps one after the other; `_recent` are the last ones taken, on the file's own clock."""

    def __init__(self, times: list[int], keys: list[bool], max_gap: float, step: int) -> None:
        self._times, self._keys, self._max_gap, self._step = times, keys, max_gap, step
        self._clock: list[int] = []
        self._offset = 0
        self._begin_recording()

    def read(self) -> list[int]:
        """The time of each packet on one clock, NO_TIME where it is damaged."""
        for row, (time, is_key) in enumerate(zip(self._times, self._keys, strict=True)):
            self._clock.append(NO_TIME)
            if not self._fits(time, is_key) and not self._strike_out(time, is_key):
                if not self._overlaps(time, is_key) and self._goes_on_after(row):
                    continue
                self._append_recording(row)
            self._take(row, time)
        for number in _far_ahead([time for _, time in self._recent], self._step):
            self._clock[self._recent[number][0]] = NO_TIME
        return self._clock

    def _begin_recording(self) -> None:
        self._recent: deque[tuple[int, int]] = deque()  # (row, time), at most REORDER + 1
        self._floor: float = -np.inf  # the highest time before these
        self._highest: float = -np.inf  # the highest time of all

    def _fits(self, time: int, is_key: bool) -> bool:
        if not self._recent:
            return True
        lowest = self._highest if is_key else self._bound()
        return lowest <= time <= self._highest + self._max_gap

    def _bound(self) -> float:
        """The highest time among those that no later packet may be shown before."""
        return max(self._floor, self._recent[0][1]) if len(self._recent) > REORDER else self._floor

    def _strike_out(self, time: int, is_key: bool) -> bool:
        """Whether `time` fits once a few time stamps before it are called damaged, which are struck out then."""
        suspects = list(self._recent) if is_key else list(self._recent)[:1]
        damaged = [entry for entry in suspects if entry[1] > time]
        earlier = [other for _, other in self._recent if other <= time]
        if not 0 < len(damaged) <= _FEW or self._floor > time or 2 * len(earlier) < len(self._recent):
            return False
        if is_key and 2 * (time - max(earlier)) < self._step:
            return False  # two frames at one time: recordings that overlap
        for entry in damaged:
            self._recent.remove(entry)
            self._clock[entry[0]] = NO_TIME
        self._highest = max([self._floor, *(other for _, other in self._recent)])
        return True

    def _overlaps(self, time: int, is_key: bool) -> bool:
        """Whether a recording begins a few frames before the end of the one before."""
        return is_key and 0 < self._highest - time <= _FEW * self._step

    def _goes_on_after(self, row: int) -> bool:
        end = self._next_key(row, _AHEAD)
        following = self._times[row + 1 : end if end > row + 1 else row + 1 + _AHEAD]
        goes_on = [self._highest < time <= self._highest + self._max_gap for time in following]
        return 2 * sum(goes_on) > len(goes_on)

    def _next_key(self, row: int, within: int) -> int:
        """The next keyframe's row, or the row after the `within` ones that follow."""
        end = min(row + 1 + within, len(self._times))
        return next((other for other in range(row + 1, end) if self._keys[other]), end)

    def _append_recording(self, row: int) -> None:
        """Begin another clock at `row`: its first frame shown follows the last one before."""
        end = int(self._highest) + self._offset
        # A parser gives the last frame of one recording the first time stamp of the next.
        for other in range(max(0, row - _AHEAD), row):
            if self._clock[other] == NO_TIME:
                end = self._clock[other] = min(end + self._step, FARTHEST)
        self._offset = end + self._step - min(self._times[row : self._next_key(row, REORDER)])
        self._begin_recording()

    def _take(self, row: int, time: int) -> None:
        self._clock[row] = min(time + self._offset, FARTHEST)
        self._recent.append((row, time))
        self._highest = max(self._highest, time)
        if len(self._recent) > REORDER + 1:
            self._floor = max(self._floor, self._recent.popleft()[1])
