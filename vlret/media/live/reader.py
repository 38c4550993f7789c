"""A thread that reads a stream through a decoding child, and connects again where a connection is lost."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from vlret.errors import MediaError, VlretError
from vlret.media.frame_size import Size
from vlret.media.limits import RECONNECT_PAUSES_S, RECONNECT_S, STREAM_QUEUE_FRAMES
from vlret.media.live.clock import StreamClock
from vlret.media.live.frame_queue import FrameQueue, LiveFrame
from vlret.media.live.source import StreamSource
from vlret.media.pool.child_process import Child, ChildDied
from vlret.text import without_credentials
from vlret.types import Pixels

log = logging.getLogger(__name__)

_MEMORY_BYTES = 4 << 30
_SILENCE_S = 60.0  # as for the files of an index run


class StreamReader:
    """The frames of a source at a rate, read ahead in a thread; use it as a context manager.

    A file or a pipe is read without loss and waits for the model. An address or a camera does not wait: if the
    model is slower, the oldest frames are dropped. A lost connection is tried again, with growing pauses, until
    nothing has come for `RECONNECT_S` seconds.
    """

    def __init__(self, source: StreamSource, frames_hz: float, size: Size | None) -> None:
        self.source = source
        self._request = {"frames_hz": frames_hz, "size": size, "source": source.kind}
        self._queue = FrameQueue(STREAM_QUEUE_FRAMES)
        self._clock = StreamClock()
        self._drops = False
        self._last_frame: float | None = None  # when it came, by the monotonic clock
        self._child: Child | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read, name="stream reader", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._queue.close()
        if child := self._child:
            child.kill()
        self._thread.join()

    @property
    def n_dropped(self) -> int:
        """Frames dropped so far because the model was slower than the source."""
        return self._queue.n_dropped

    def batches(self, size: int) -> Iterator[list[LiveFrame]]:
        """Yield frames as they come, at most `size` at once, up to the end of the source.

        Raises:
            MediaError: it cannot be read, or the connection is lost for good.
        """
        return self._queue.batches(size)

    def _read(self) -> None:
        error: VlretError | None = None
        try:
            self._read_connections()
        except VlretError as found:
            error = found
        finally:
            self._queue.close(error)

    def _read_connections(self) -> None:
        n_lost = 0
        while True:
            before = self._last_frame
            lost = self._read_connection()
            if self._closed.is_set() or (lost is None and not self._drops):
                return
            lost = lost or self._error("the connection was closed")
            if not self._can_reconnect():
                raise lost
            n_lost = n_lost + 1 if self._last_frame == before else 0
            self._pause(lost, n_lost)
            self._clock.reconnected()

    def _can_reconnect(self) -> bool:
        """Whether it does not wait and has given a frame not too long ago."""
        last = self._last_frame
        return self._drops and last is not None and time.monotonic() - last < RECONNECT_S

    def _pause(self, lost: MediaError, n_lost: int) -> None:
        pause_s = RECONNECT_PAUSES_S[min(n_lost, len(RECONNECT_PAUSES_S) - 1)]
        log.warning("%s Connecting again in %g s.", lost.message, pause_s)
        self._closed.wait(pause_s)

    def _read_connection(self) -> MediaError | None:
        """Read up to the end; return what ended it too early."""
        stdin = os.dup(0) if self.source.location == "-" else None
        child = self._child = Child(_MEMORY_BYTES, () if stdin is None else (stdin,))
        try:
            child.send({**self._request, **self._opened_as(stdin)})
            return self._receive_frames(child)
        except ChildDied as death:
            return self._error(str(death))
        finally:
            child.kill()
            if stdin is not None:
                os.close(stdin)

    def _opened_as(self, stdin: int | None) -> dict[str, Any]:
        if self.source.kind == "file":
            return {"kind": "sampled", "path": self.source.location}
        location = self.source.location if stdin is None else f"pipe:{stdin}"
        return {"kind": "live", "path": self.source.name, "location": location}

    def _receive_frames(self, child: Child) -> MediaError | None:
        silence_s = threading.TIMEOUT_MAX if self.source.kind == "pipe" else _SILENCE_S
        while not self._closed.is_set():
            header, pixels = child.receive(silence_s)
            if pixels is not None:
                self._put(header["time"], pixels)
            elif header["kind"] == "opened":
                self._drops = self.source.kind in ("address", "camera") and not header["is_finite"]
            elif header["kind"] == "failed":
                return self._error(header["reason"], header["hint"], header["code"])
            elif header["kind"] == "done":
                if header["warning"]:
                    log.warning("%s: %s.", self.source.name, header["warning"])
                break
        return None

    def _put(self, stamp_s: float, pixels: Pixels) -> None:
        self._last_frame = time.monotonic()
        time_s = self._clock.time_s(stamp_s, self._last_frame) if self._drops else stamp_s
        self._queue.put(LiveFrame(time_s, pixels), self._drops)

    def _error(self, reason: str, hint: str = "", code: str = "stream_lost") -> MediaError:
        name, reason = self.source.name, without_credentials(reason)
        return MediaError(f"{name}: {reason}.", hint, code=code, source=name, reason=reason)
