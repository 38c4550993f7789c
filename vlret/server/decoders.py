"""Child processes that decode for the service: killed where they take too long, hang or crash."""

from __future__ import annotations

import queue
import time
from typing import Any, cast

from vlret.errors import MediaError
from vlret.media.pool.child_process import Child, ChildDied
from vlret.media.pool.messages import Message, missing_extra
from vlret.server.media_files import require_here
from vlret.server.settings import Limits
from vlret.types import Clip

_MEMORY_BYTES = 2 << 30


class Decoders:
    """`limits.decoders` child processes, started on first use; from any number of threads."""

    def __init__(self, limits: Limits) -> None:
        self._limit_s = limits.media_s
        self._idle: queue.LifoQueue[Child | None] = queue.LifoQueue()
        self._busy: set[Child] = set()
        for _ in range(limits.decoders):
            self._idle.put(None)

    def ask(self, kind: str, clip: Clip, **request: Any) -> Message:
        """Return the answer of `vlret/server/child.py` about a clip.

        Raises:
            MediaError: the file cannot be decoded, or not within the limits.
            RequestError: it is at an address.
        """
        require_here(clip.path)
        child = self._idle.get()
        try:
            child = (
                child if child and child.is_running else Child(_MEMORY_BYTES, program="vlret.server.child")
            )
            self._busy.add(child)
            place = {"path": str(clip.path.absolute()), "start": clip.start, "end": clip.end}
            child.send({"kind": kind, **place, **request})
            return self._answer(child, clip)
        except ChildDied as death:
            raise MediaError(f"{clip.path.name}: {death}.", code="decoder_died", reason=str(death)) from death
        finally:
            self._busy.discard(cast(Child, child))
            self._idle.put(child)

    def close(self) -> None:
        """Kill all processes; what waits for one of them fails."""
        for child in list(self._busy):
            child.kill()
        while not self._idle.empty():
            idle = self._idle.get()
            if idle is not None:
                idle.kill()

    def _answer(self, child: Child, clip: Clip) -> Message:
        deadline = time.monotonic() + self._limit_s
        header, data = child.receive(self._limit_s)
        while header["kind"] == "alive":
            header, data = child.receive(max(deadline - time.monotonic(), 0.0))
        if header["kind"] == "missing":
            raise missing_extra(header)
        if header["kind"] == "failed":
            raise MediaError(f"{clip.path.name}: {header['reason']}.", header["hint"], code=header["code"],
                             reason=header["reason"])  # fmt: skip
        return header, data
