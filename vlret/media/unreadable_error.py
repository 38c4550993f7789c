"""The error for a media file that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.errors import MediaError


class UnreadableError(MediaError):
    """Its message is "PATH: REASON."; an index lists `reason` alone beside the path."""

    def __init__(self, path: Path, reason: str, hint: str, *, code: str, **fields: Any) -> None:
        super().__init__(f"{path}: {reason}.", hint, code=code, path=path, reason=reason, **fields)
        self.reason = reason
