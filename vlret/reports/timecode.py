"""Formats seconds as time codes."""

from __future__ import annotations

import math


def timecode(seconds: float) -> str:
    """Format `75` as `1:15` and `3723.46` as `1:02:03.5`: tenths only if they are not zero; NaN and infinity as `?`."""
    if not math.isfinite(seconds):
        return "?"
    tenths = round(seconds * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    rest = f"{tenths // 10:02d}" + (f".{tenths % 10}" if tenths % 10 else "")
    return f"{hours}:{minutes:02d}:{rest}" if hours else f"{minutes}:{rest}"


def span(start: float, end: float | None) -> str:
    """Format a time span as `0:10-0:20`, one with an open end as `0:10-`, an image (no duration) as ""."""
    if end is None or math.isnan(end):
        return f"{timecode(start)}-" if start else ""
    return f"{timecode(start)}-{timecode(end)}" if end > start else ""
