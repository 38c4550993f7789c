"""Captions as text: lines for people, JSON Lines, CSV, and the subtitle formats SRT and WebVTT."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlret.reports.csv_text import csv_text
from vlret.reports.timecode import span
from vlret.text import printable

if TYPE_CHECKING:
    from vlret.types import ClipCaption

_COLUMNS = ("path", "start", "end", "text", "score")
_STILL_MS = 1000
"""How long the cue of an image is, which has no duration."""


@dataclass(frozen=True, slots=True)
class CaptionFormat:
    """`head` comes once, then `body` of the captions of one file after another.

    Attributes:
        name, suffix: of the format, and of a file in it.
        of_one_file: whether times are all that tells the captions apart, so that it holds those of one file.
    """

    name: str
    suffix: str
    head: str
    body: Callable[[Sequence[ClipCaption]], str]
    of_one_file: bool = False


def _lines(items: Sequence[ClipCaption]) -> str:
    lines = [f"  {item.score:6.3f}  {span(item.start, item.end):<15}  {item.text}" for item in items]
    return "".join(f"{printable(line)}\n" for line in (items[0].path, *lines))


def _json_lines(items: Sequence[ClipCaption]) -> str:
    return "".join(f"{json.dumps(item.to_json())}\n" for item in items)


def _csv(items: Sequence[ClipCaption]) -> str:
    return csv_text([item.to_json()[name] for name in _COLUMNS] for item in items)


def _srt(items: Sequence[ClipCaption]) -> str:
    """SRT has no escapes: an arrow in a text would begin a cue."""
    cues = enumerate(_cues(items), start=1)
    return "".join(
        f"{number}\n{_time(start, ',')} --> {_time(end, ',')}\n{re.sub('--+>', '->', text)}\n\n"
        for number, (start, end, text) in cues
    )


def _vtt(items: Sequence[ClipCaption]) -> str:
    return "".join(
        f"{_time(start, '.')} --> {_time(end, '.')}\n{_escaped(text)}\n\n"
        for start, end, text in _cues(items)
    )


_ALL = (
    CaptionFormat("text", ".txt", "", _lines),
    CaptionFormat("jsonl", ".jsonl", "", _json_lines),
    CaptionFormat("csv", ".csv", f"{','.join(_COLUMNS)}\n", _csv),
    CaptionFormat("srt", ".srt", "", _srt, of_one_file=True),
    CaptionFormat("vtt", ".vtt", "WEBVTT\n\n", _vtt, of_one_file=True),
)
FORMATS = {form.name: form for form in _ALL}


def _cues(items: Sequence[ClipCaption]) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, text), times in ms: one line each, longer than 0, and gone when the next one begins."""
    starts = [round(item.start * 1000) for item in items]
    for item, start, following in zip(items, starts, [*starts[1:], None], strict=True):
        end = max(round(item.end * 1000), start + 1) if item.end > item.start else start + _STILL_MS
        if following is not None and following > start:
            end = min(end, following)
        yield start, end, printable(" ".join(item.text.split()))


def _time(milliseconds: int, point: str) -> str:
    """Format as `01:02:03,456`; from 100 hours on, the hours have more digits."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{point}{milliseconds:03d}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
