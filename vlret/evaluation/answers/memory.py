"""The memory of this process."""

from __future__ import annotations

import sys


def peak_bytes() -> int:
    """The most bytes that this process had resident so far; 0 where the system does not say (Windows)."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)
