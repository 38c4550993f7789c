"""The size that frames are scaled to."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

from vlret.errors import UsageError

Size = tuple[int, int]
"""(width, height) in pixels."""


def check_size(size: Sequence[int] | None) -> None:
    """Raise UsageError unless `size` is None or two positive whole numbers."""
    if size is not None and not _is_size(size):
        raise UsageError(
            f"A frame size was given as {size}.",
            "Give (width, height) in pixels.",
            code="invalid_frame_size",
            given=size,
        )


def _is_size(size: Sequence[int]) -> bool:
    return (
        isinstance(size, Sequence)
        and len(size) == 2
        and all(isinstance(n, Integral) and n >= 1 for n in size)
    )
