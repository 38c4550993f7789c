"""The time of a live stream: its own time stamps while it flows, the wall clock where it stops."""

from __future__ import annotations

MAX_LAG_S = 2.0  # later than this, a frame shows that the stream stood still


class StreamClock:
    """Gives the frames of one or several connections rising times from the first frame on.

    A server may send the first seconds at once, so that time stamps run ahead of the wall clock. They stay ahead by as
    much; a frame that comes `MAX_LAG_S` later than expected, or over a new connection, is placed by the wall clock.
    """

    def __init__(self) -> None:
        self._ahead_s: float | None = None  # of the wall clock: the most so far
        self._offset_s: float | None = None  # time of the stream - time stamp

    def reconnected(self) -> None:
        """The next time stamp is that of a new connection."""
        self._offset_s = None

    def time_s(self, stamp_s: float, now_s: float) -> float:
        """Return the time of a frame with a time stamp of its connection that arrives at `now_s`, both seconds."""
        if self._ahead_s is None:
            self._ahead_s = stamp_s - now_s
        expected_s = now_s + self._ahead_s
        if self._offset_s is None:
            self._offset_s = expected_s - stamp_s
        if stamp_s + self._offset_s < expected_s - MAX_LAG_S:
            self._offset_s = expected_s - stamp_s
        time_s = stamp_s + self._offset_s
        self._ahead_s = max(self._ahead_s, time_s - now_s)
        return time_s
