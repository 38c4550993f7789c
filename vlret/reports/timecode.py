"""Seconds as people read them."""

from __future__ import annotations

import math


def timecode(seconds: float) -> str:
    """`75` -> `1:15`, `3723.46` -> `1:02:03.5`: tenths only where they are not zero. `?` is no time at all."""
    if not math.isfinite(seconds):
        return "?"
    tenths = round(seconds * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    rest = f"{tenths // 10:02d}" + (f".{tenths % 10}" if tenths % 10 else "")
    return f"{hours}:{minutes:02d}:{rest}" if hours else f"{minutes}:{rest}"


def span(start: float, end: float | None) -> str:
    """`0:10-0:20`; an image (no length) is the empty text, an open end is `0:10-`."""
    if end is None or math.isnan(end):
        return f"{timecode(start)}-" if start else ""
    return f"{timecode(start)}-{timecode(end)}" if end > start else ""
