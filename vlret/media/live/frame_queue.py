"""The bounded queue between the thread that reads a stream and the model."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Condition

from vlret.errors import VlretError
from vlret.types import Pixels


@dataclass(frozen=True, slots=True, eq=False)
class LiveFrame:
    """A frame of a stream: seconds from its first frame, pixels uint8 [height, width, 3]."""

    time_s: float
    pixels: Pixels


class FrameQueue:
    """Frames that wait for the model, at most `size`.

    Attributes:
        n_dropped: frames that left unseen, the oldest first, because the queue was full.
    """

    def __init__(self, size: int) -> None:
        self.size, self.n_dropped = size, 0
        self._frames: deque[LiveFrame] = deque()
        self._changed = Condition()
        self._is_closed = False
        self._error: VlretError | None = None

    def put(self, frame: LiveFrame, drop: bool) -> None:
        """Add a frame, unless the queue is closed. If it is full: drop its oldest, or wait until there is room."""
        with self._changed:
            while len(self._frames) >= self.size and not (drop or self._is_closed):
                self._changed.wait()
            if self._is_closed:
                return
            if len(self._frames) >= self.size:
                self._frames.popleft()
                self.n_dropped += 1
            self._frames.append(frame)
            self._changed.notify_all()

    def close(self, error: VlretError | None = None) -> None:
        """No frame follows; `error` is raised once those that wait are taken."""
        with self._changed:
            self._is_closed, self._error = True, error
            self._changed.notify_all()

    def batches(self, size: int) -> Iterator[list[LiveFrame]]:
        """Yield what waits, at most `size` frames at once and at least one, up to the end.

        Raises:
            VlretError: what `close` was given.
        """
        while batch := self._take(size):
            yield batch
        if self._error:
            raise self._error

    def _take(self, size: int) -> list[LiveFrame]:
        with self._changed:
            while not self._frames and not self._is_closed:
                self._changed.wait()
            batch = [self._frames.popleft() for _ in range(min(size, len(self._frames)))]
            self._changed.notify_all()
            return batch
