"""The windows of files of an index: a part of a video, or what lies around clips of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from vlret.index.encode import FileEncoded
from vlret.index.index import Index
from vlret.index.windows import Windows, encode_windows, window_job, windows_of
from vlret.media.pool import DecodePool, FileFailed
from vlret.models.base import Embedder
from vlret.remote_path import RemotePath
from vlret.types import Clip

_AT_ADDRESS = (
    "it is at an address, and the index stores no windows of it (build_index with moments=True does)"
)
AROUND_S = 30.0
"""How far a moment may reach beyond its clip."""


def windows_around(index: Index, model: Embedder, clips: Iterable[Clip]) -> dict[Clip, Windows | str]:
    """For each clip the windows up to AROUND_S before and behind it, or the reason why its file cannot be read."""
    clips = sorted(clips, key=lambda clip: (clip.path, clip.start))
    read = windows_in(index, model, _joined(clips))
    return {clip: windows for clip in clips for area, windows in read.items() if _holds(area, clip)}


def windows_in(index: Index, model: Embedder, parts: Sequence[Clip]) -> dict[Clip, Windows | str]:
    """The windows that start in each of `parts`, or the reason why its file cannot be read.

    What `index` does not store is decoded, but nothing is fetched from an address for it.
    """
    stored: dict[Clip, Windows | str] = {
        part: part_of(windows, part) for part in parts if (windows := index.windows(part.path))
    }
    return stored | _decoded(model, [part for part in parts if part not in stored])


def part_of(windows: Windows, part: Clip) -> Windows | str:
    """Those of the windows of a file that start in `part`, or that there are none."""
    inside = (part.start <= windows.starts_s) & (windows.starts_s < _end(part))
    if not inside.any():
        return f"nothing is shown after {windows.duration_s:.1f} s"
    starts_s, ends_s, vectors = windows.starts_s[inside], windows.ends_s[inside], windows.vectors[inside]
    return Windows(starts_s, ends_s, vectors, windows.duration_s)


def _decoded(model: Embedder, parts: Sequence[Clip]) -> dict[Clip, Windows | str]:
    found: dict[Clip, Windows | str] = {
        part: _AT_ADDRESS for part in parts if isinstance(part.path, RemotePath)
    }
    here = [part for part in parts if part not in found]
    jobs = {window_job(part.path, model, within=(part.start, _end(part))): part for part in here}
    if not jobs:
        return found
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
