"""SMPTE time code: labels such as `01:00:00;02` and the frames that they count."""

from __future__ import annotations

import re

_LABEL = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})")
_MINUTES_A_DAY = 24 * 60


def frame_of(label: str, base: int) -> tuple[int, bool] | None:
    """Return (number of the frame from 00:00:00:00, whether it is drop-frame); None if `label` is no time code.

    Args:
        label: `HH:MM:SS:FF`; `;`, `.` or `,` before the frames means drop-frame.
        base: labels a second: 30 for 29.97 frames a second.
    """
    match = _LABEL.fullmatch(label.strip())
    if match is None:
        return None
    hours, minutes, seconds, frames = (int(match[place]) for place in (1, 2, 3, 5))
    if minutes > 59 or seconds > 59 or frames >= base:
        return None
    drops = match[4] != ":" and may_drop(base)
    return count(hours, minutes, seconds, frames, base, drops), drops


def count(hours: int, minutes: int, seconds: int, frames: int, base: int, drop_frame: bool) -> int:
    """Return how many frames lie before that time code; `base` and `drop_frame` as `label_of`."""
    minutes += hours * 60
    left_out = base // 15 * (minutes - minutes // 10) if drop_frame else 0
    return (minutes * 60 + seconds) * base + frames - left_out


def label_of(frame: int, base: int, drop_frame: bool) -> str:
    """Return the label of a frame counted from 00:00:00:00; past 24 hours it begins again.

    Args:
        frame: its number, from 0.
        base: labels a second.
        drop_frame: leave out labels 0 and 1 (of 30) of every minute but each tenth, as SMPTE ST 12-1 does.
    """
    if drop_frame:
        frame += _labels_left_out(frame, base)
    seconds, frames = divmod(frame, base)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes % _MINUTES_A_DAY, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if drop_frame else ':'}{frames:02d}"


def may_drop(base: int) -> bool:
    """Whether drop-frame numbering exists for `base` labels a second."""
    return base % 30 == 0


def _labels_left_out(frame: int, base: int) -> int:
    ten_minutes, rest = divmod(frame, 600 * base - 9 * (base // 15))
    left_out = base // 15
    minutes = max(0, rest - left_out) // (60 * base - left_out)
    return left_out * (9 * ten_minutes + minutes)
