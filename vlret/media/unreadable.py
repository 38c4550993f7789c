"""The error for a media file that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.errors import MediaError


def unreadable(path: Path, reason: str, hint: str, code: str, **fields: Any) -> MediaError:
    """A MediaError "PATH: REASON."; an index lists the reason alone beside the path."""
    return MediaError(f"{path}: {reason}.", hint, code=code, path=path, reason=reason, **fields)
