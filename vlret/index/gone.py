"""Whether a file of an index exists."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def is_gone(path: str | Path) -> bool:
    """Whether no such file exists; one that cannot be accessed (dead mount, no permission) may exist."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
