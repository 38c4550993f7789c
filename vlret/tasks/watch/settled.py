"""Files that nobody is writing to: their size and time have stood still for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from vlret.index.fingerprint import file_state
from vlret.media.sources import MediaFile


@dataclass(slots=True)
class _Seen:
    state: tuple[int, int]
    since_s: float
    is_taken: bool = False


class SettledFiles:
    """Remembers size and time of files from one look at them to the next.

    Args:
        settle_s: for how many seconds they must not have changed.
        clock: seconds that only grow.
    """

    def __init__(self, settle_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._settle_s, self._clock = settle_s, clock
        self._seen: dict[Path, _Seen] = {}
        self.n_vanished = 0
        """Files that the last look no longer found."""

    def look(self, files: Iterable[MediaFile]) -> list[MediaFile]:
        """Those of all the `files` there are now that have settled and were not taken yet."""
        now_s, seen, ready = self._clock(), {}, []
        for file in files:
            try:
                state = file_state(file.path)
            except OSError:  # gone, or out of reach
                continue
            before = self._seen.get(file.path)
            here = before if before and before.state == state else _Seen(state, now_s)
            seen[file.path] = here
            if not here.is_taken and now_s - here.since_s >= self._settle_s:
                ready.append(file)
        self.n_vanished = len(self._seen.keys() - seen.keys())
        self._seen = seen
        return ready

    def take(self, files: Iterable[MediaFile]) -> None:
        """Do not return these again before they change."""
        for file in files:
            self._seen[file.path].is_taken = True

    def forget(self) -> None:
        """Return all files once more, changed or not."""
        for seen in self._seen.values():
            seen.is_taken = False

    @property
    def n_waiting(self) -> int:
        """Files of the last look that are not taken yet."""
        return sum(not seen.is_taken for seen in self._seen.values())
