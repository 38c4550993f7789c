"""The hits of a file as one line of text."""

from __future__ import annotations

from collections.abc import Iterable

from vlret.reports.timecode import timecode


def text_timeline(spans: Iterable[tuple[float, float]], length_s: float, width: int = 60) -> str:
    """`0:00 --##----- 1:23:00`: one of `width` characters is `#` where a span, [start, end) in seconds, touches it."""
    marks = ["-"] * width
    for start, end in spans:
        first = min(int(start / length_s * width), width - 1)
        last = max(first, min(int(end / length_s * width - 1e-9), width - 1))
        marks[first : last + 1] = "#" * (last + 1 - first)
    return f"0:00 {''.join(marks)} {timecode(length_s)}"
