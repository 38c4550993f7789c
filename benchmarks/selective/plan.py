"""Which part of which clip is shown when in each long video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from benchmarks.selective.clips import SourceClip

EVENT_S = (2.0, 40.0)
VIDEO_S = (180.0, 360.0)
SHORTEST_PIECE_S = 2.0
"""As long as a cross-fade: two cross-fades never overlap."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A clip shown from its second `source_s` on, at `speed`, during [start_s, end_s) of the long video."""

    clip: SourceClip
    start_s: float
    end_s: float
    source_s: float
    speed: float


@dataclass(frozen=True, slots=True)
class Event:
    """What one clip shows; several pieces join without an event."""

    clip: SourceClip
    pieces: tuple[Piece, ...]

    @property
    def start_s(self) -> float:
        """Where it begins in the long video."""
        return self.pieces[0].start_s

    @property
    def end_s(self) -> float:
        """Where it ends in the long video."""
        return self.pieces[-1].end_s


def plan_videos(clips: Sequence[SourceClip], n_videos: int, seed: int = 0) -> list[list[Event]]:
    """The events of each of `n_videos` videos: clips in random order, each shown once before any is shown again.

    Lengths of events are log-uniform over `EVENT_S`, those of videos uniform over `VIDEO_S`; an event is at most four
    times as long as its clip.
    """
    rng = np.random.default_rng(seed)
    order = _shuffled(clips, rng)
    return [_video(order, rng.uniform(*VIDEO_S), rng) for _ in range(n_videos)]


def _shuffled(clips: Sequence[SourceClip], rng: np.random.Generator) -> Iterator[SourceClip]:
    while True:
        yield from (clips[i] for i in rng.permutation(len(clips)))


def _video(clips: Iterator[SourceClip], length_s: float, rng: np.random.Generator) -> list[Event]:
    events: list[Event] = []
    now = 0.0
    while now < length_s:
        clip = next(clips)
        wanted_s = np.exp(rng.uniform(*np.log(EVENT_S)))
        event_s = round(min(float(wanted_s), 4 * clip.seconds), 1)
        events.append(_event(clip, now, event_s, rng))
        now = events[-1].end_s
    return events


def _event(clip: SourceClip, start_s: float, event_s: float, rng: np.random.Generator) -> Event:
    parts = _parts(clip.seconds, event_s, rng)
    starts = accumulate((seconds for _, seconds, _ in parts), initial=start_s)
    pieces = [
        Piece(clip, round(at, 3), round(at + seconds, 3), source_s, speed)
        for at, (source_s, seconds, speed) in zip(starts, parts, strict=False)
    ]
    return Event(clip, tuple(pieces))


def _parts(clip_s: float, event_s: float, rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """(start in the clip, seconds, speed) of the pieces of an event.

    A short event is a part of the clip, half of the time with its halves swapped; a longer one is the clip in slow
    motion, or twice.
    """
    half_s, slow = event_s / 2, min(1.0, clip_s / event_s)
    joined = bool(rng.random() < 0.5) and half_s >= SHORTEST_PIECE_S
    if event_s > clip_s:
        twice = joined or half_s > max(clip_s, SHORTEST_PIECE_S)
        return [(0.0, half_s, min(1.0, 2 * slow))] * 2 if twice else [(0.0, event_s, slow)]
    source_s = float(rng.uniform(0, clip_s - event_s))
    if joined:
        return [(source_s + half_s, half_s, 1.0), (source_s, half_s, 1.0)]
    return [(source_s, event_s, 1.0)]
