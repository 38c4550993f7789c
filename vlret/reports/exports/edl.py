"""EDL (CMX 3600): one cut per clip, times as time code, out points exclusive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from itertools import count as counter
from pathlib import Path

from vlret.media.video.timecode import count, label_of, may_drop
from vlret.reports.exports.clip import ExportClip
from vlret.reports.exports.timeline import Event, Source, Timeline, assemble
from vlret.text import printable

_REEL_LETTERS = 8  # CMX 3600
_BEGIN_H = 1  # the hour at which the timeline begins, as is usual


def edl(clips: Sequence[ExportClip], title: str) -> bytes:
    """Return the clips as an EDL.

    An event of a file of another rate has its labels scaled to the timeline's, as a list has one rate.
    """
    timeline = assemble(clips, title)
    reels = _reels(timeline.sources())
    mode = "DROP FRAME" if timeline.drop_frame else "NON-DROP FRAME"
    lines = [f"TITLE: {timeline.title}", f"FCM: {mode}", ""]
    for number, event in enumerate(timeline.events, start=1):
        lines += _event(number, event, reels[event.source.path], timeline)
    return "\r\n".join([*lines, ""]).encode(errors="backslashreplace")


def _event(number: int, event: Event, reel: str, timeline: Timeline) -> list[str]:
    times = " ".join([*_source_labels(event, timeline), *_record_labels(event, timeline)])
    comments = {"FROM CLIP NAME": event.source.name, "SOURCE FILE": printable(event.source.path.absolute())}
    if event.clip.text:
        comments["COMMENT"] = printable(event.clip.text)
    head = f"{number:03d}  {reel:<8} {_channels(event.source):<5} C        {times}"
    return [head, *(f"* {name}: {value}" for name, value in comments.items())]


def _channels(source: Source) -> str:
    n_channels = source.time.channels if source.time else 0
    return {0: "V", 1: "B"}.get(n_channels, "AA/V")


def _source_labels(event: Event, timeline: Timeline) -> tuple[str, str]:
    """Return the labels of the file's own time code."""
    base, time = round(timeline.rate), event.source.time
    if time is None:
        return _labels(0, event.length, base, drop_frame=False)
    first, own = round(time.start * time.rate) + event.first, round(time.rate)
    if own == base:
        return _labels(first, event.length, base, time.drop_frame)
    drops = time.drop_frame and may_drop(base)
    hours, minutes, seconds, frames = map(int, re.split("[:;]", label_of(first, own, time.drop_frame)))
    return _labels(
        count(hours, minutes, seconds, frames * base // own, base, drops), event.length, base, drops
    )


def _record_labels(event: Event, timeline: Timeline) -> tuple[str, str]:
    base, drops = round(timeline.rate), timeline.drop_frame
    return _labels(count(_BEGIN_H, 0, 0, 0, base, drops) + event.begin, event.length, base, drops)


def _labels(first: int, n_frames: int, base: int, drop_frame: bool) -> tuple[str, str]:
    return label_of(first, base, drop_frame), label_of(first + n_frames, base, drop_frame)


def _reels(sources: Sequence[Source]) -> dict[Path, str]:
    """Return a reel name of each file, all different: the first letters and digits of its name."""
    reels: dict[Path, str] = {}
    for source in sources:
        stem = re.sub(r"[^A-Z0-9]", "", source.path.stem.upper())[:_REEL_LETTERS] or "CLIP"
        names = chain([stem], (f"{stem[:4]}{number:04d}" for number in counter(2)))
        reels[source.path] = next(name for name in names if name not in reels.values())
    return reels
