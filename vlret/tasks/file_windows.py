"""The windows of files: a part of a video, or what lies around clips of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from vlret.index.encode import FileEncoded
from vlret.index.windows import Windows, encode_windows, window_job, windows_of
from vlret.media.pool import DecodePool, FileFailed
from vlret.models.base import Embedder
from vlret.types import Clip

AROUND_S = 30.0
"""How far a moment may reach beyond its clip."""


def windows_around(clips: Iterable[Clip], model: Embedder) -> dict[Clip, Windows | str]:
    """For each clip the windows up to AROUND_S before and behind it, or the reason why its file cannot be read."""
    clips = sorted(clips, key=lambda clip: (clip.path, clip.start))
    read = decoded_windows(_joined(clips), model)
    return {clip: windows for clip in clips for area, windows in read.items() if _holds(area, clip)}


def decoded_windows(parts: Sequence[Clip], model: Embedder) -> dict[Clip, Windows | str]:
    """The windows that start in each of `parts`, or the reason why its file cannot be read."""
    jobs = {window_job(part.path, model, within=(part.start, _end(part))): part for part in parts}
    found: dict[Clip, Windows | str] = {}
    with DecodePool() as pool:
        for event in encode_windows(jobs, model, pool):
            if isinstance(event, FileEncoded):
                found[jobs[event.job]] = windows_of(event)
            elif isinstance(event, FileFailed):
                found[jobs[event.job]] = event.reason
    return found


def _joined(clips: Sequence[Clip]) -> list[Clip]:
    """What lies around each clip, in order; parts of a file that overlap are one."""
    areas: list[Clip] = []
    for clip in clips:
        start, end = max(0.0, clip.start - AROUND_S), _end(clip) + AROUND_S
        if areas and areas[-1].path == clip.path and start <= _end(areas[-1]):
            areas[-1] = Clip(clip.path, areas[-1].start, max(_end(areas[-1]), end))
        else:
            areas.append(Clip(clip.path, start, end))
    return areas


def _holds(area: Clip, clip: Clip) -> bool:
    return area.path == clip.path and area.start <= clip.start < _end(area)


def _end(clip: Clip) -> float:
    return math.inf if clip.end is None else clip.end
