"""What was skipped, counted by reason, with the first names of each."""

from __future__ import annotations

import threading
from collections import Counter

from vlret.storage import shown
from vlret.text import printable

MOST_NAMES = 5


class SkippedError(Exception):
    """A clip cannot be used: `reason` is one of few, `detail` says more about this one."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class Skipped:
    """Counts of what was skipped, by reason; several threads may add."""

    def __init__(self, counts: Counter[str] | None = None) -> None:
        self.counts: Counter[str] = Counter(counts)
        self.names: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def add(self, error: SkippedError, name: str) -> None:
        """Count one more clip."""
        said = shown(name) + (f" ({printable(error.detail)})" if error.detail else "")
        with self._lock:
            self.counts[error.reason] += 1
            names = self.names.setdefault(error.reason, [])
            if len(names) < MOST_NAMES:
                names.append(said)

    def lines(self) -> list[str]:
        """Return a line for each reason, the most frequent first: its count and its first names."""
        return [self._line(reason, n) for reason, n in self.counts.most_common() if n]

    def _line(self, reason: str, n: int) -> str:
        names = self.names.get(reason, [])
        more = ", ..." if n > len(names) > 0 else ""
        return f"{n} skipped: {reason}" + (f": {', '.join(names)}{more}" if names else "")
