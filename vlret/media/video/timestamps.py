"""One monotonic timeline for all packets of a file whose timestamps jump.

In recordings that were joined by appending one file to another, timestamps start again at each joint; a damaged
timestamp lies far from those around it. Packets are stored in decoding order, so up to REORDER frames that are
shown earlier may follow one that is shown later: these are not jumps.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

Ticks = NDArray[np.int64]

NO_TIME = int(np.iinfo(np.int64).min)
MAX_TICKS = 1 << 60  # longer than any recording; sums of such times do not overflow
REORDER = 16
_MAX_DAMAGED = 4  # more outlying timestamps in a row are not damaged: another recording has begun
_LOOKAHEAD = 8  # packets looked at to see whether the old timeline continues


def monotonic_times(pts: Ticks, is_key: NDArray[np.bool_], max_gap: float) -> Ticks:
    """Return the time of each packet on one timeline; `pts` itself if nothing jumps.

    Args:
        pts: int64 [n], timestamps in ticks in file order, at most MAX_TICKS from 0; NO_TIME for a packet without one.
        is_key: bool [n], keyframes.
        max_gap: ticks beyond which a step forward is a jump; infinity if long still pictures are expected.

    Returns:
        int64 [n]; NO_TIME also where the timestamp is damaged. An appended recording begins one median step after
        the last frame of the one before.
    """
    rows = np.flatnonzero(pts != NO_TIME)
    times, keys = pts[rows], is_key[rows]
    step = median_step(times)
    if _is_regular(times, keys, max_gap, step):
        return pts
    monotonic = pts.copy()
    monotonic[rows] = _Timeline(times.tolist(), keys.tolist(), max_gap, step).read()
    return monotonic


def median_step(times: Ticks) -> int:
    """Return the median ticks from frame to frame, at least 1."""
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
    """Return which of the last timestamps lie far ahead of all that follow."""
    return [
        number
        for number, time in enumerate(tail[:-_LOOKAHEAD])
        if time - max(tail[number + 1 :]) > REORDER * step
    ]


class _Timeline:
    """Reads timestamps one after the other; `_recent` are the last ones accepted, as they are in the file."""

    def __init__(self, times: list[int], keys: list[bool], max_gap: float, step: int) -> None:
        self._times, self._keys, self._max_gap, self._step = times, keys, max_gap, step
        self._monotonic: list[int] = []
        self._offset = 0
        self._begin_recording()

    def read(self) -> list[int]:
        """Return the time of each packet on one timeline, NO_TIME where the timestamp is damaged."""
        for row, (time, is_key) in enumerate(zip(self._times, self._keys, strict=True)):
            self._monotonic.append(NO_TIME)
            if not self._fits(time, is_key) and not self._discard_damaged(time, is_key):
                if not self._overlaps(time, is_key) and self._continues_after(row):
                    continue
                self._append_recording(row)
            self._accept(row, time)
        for number in _far_ahead([time for _, time in self._recent], self._step):
            self._monotonic[self._recent[number][0]] = NO_TIME
        return self._monotonic

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
        """Return the highest time that no later packet may be shown before."""
        return max(self._floor, self._recent[0][1]) if len(self._recent) > REORDER else self._floor

    def _discard_damaged(self, time: int, is_key: bool) -> bool:
        """Return whether `time` fits if a few timestamps before it are damaged; discard those."""
        suspects = list(self._recent) if is_key else list(self._recent)[:1]
        damaged = [entry for entry in suspects if entry[1] > time]
        earlier = [other for _, other in self._recent if other <= time]
        if not 0 < len(damaged) <= _MAX_DAMAGED or self._floor > time or 2 * len(earlier) < len(self._recent):
            return False
        if is_key and 2 * (time - max(earlier)) < self._step:
            return False  # two frames at one time: recordings that overlap
        for entry in damaged:
            self._recent.remove(entry)
            self._monotonic[entry[0]] = NO_TIME
        self._highest = max([self._floor, *(other for _, other in self._recent)])
        return True

    def _overlaps(self, time: int, is_key: bool) -> bool:
        """Return whether a recording begins a few frames before the end of the one before."""
        return is_key and 0 < self._highest - time <= _MAX_DAMAGED * self._step

    def _continues_after(self, row: int) -> bool:
        end = self._next_key(row, _LOOKAHEAD)
        following = self._times[row + 1 : end if end > row + 1 else row + 1 + _LOOKAHEAD]
        continues = [self._highest < time <= self._highest + self._max_gap for time in following]
        return 2 * sum(continues) > len(continues)

    def _next_key(self, row: int, within: int) -> int:
        """Return the row of the next keyframe, or the row after the `within` ones that follow."""
        end = min(row + 1 + within, len(self._times))
        return next((other for other in range(row + 1, end) if self._keys[other]), end)

    def _append_recording(self, row: int) -> None:
        """Begin another recording at `row`: its first frame shown follows the last one before."""
        end = int(self._highest) + self._offset
        # A parser gives the last frame of one recording the first timestamp of the next.
        for other in range(max(0, row - _LOOKAHEAD), row):
            if self._monotonic[other] == NO_TIME:
                end = self._monotonic[other] = min(end + self._step, MAX_TICKS)
        self._offset = end + self._step - min(self._times[row : self._next_key(row, REORDER)])
        self._begin_recording()

    def _accept(self, row: int, time: int) -> None:
        self._monotonic[row] = min(time + self._offset, MAX_TICKS)
        self._recent.append((row, time))
        self._highest = max(self._highest, time)
        if len(self._recent) > REORDER + 1:
            self._floor = max(self._floor, self._recent.popleft()[1])
