"""Where vlret keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path


def default_cache() -> Path:
    """The directory named by VLRET_CACHE, else `vlret` in the user's cache directory."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("VLRET_CACHE") or Path(home) / "vlret")
