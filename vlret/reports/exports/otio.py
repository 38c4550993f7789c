"""OpenTimelineIO, as plain JSON of its schema: the package is not needed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from vlret.reports.exports.clip import ExportClip
from vlret.reports.exports.timeline import Event, Source, Timeline, assemble
from vlret.text import printable


def otio(clips: Sequence[ExportClip], title: str) -> bytes:
    """Return the clips as a video track, and an audio track with the sound of those that have some."""
    timeline = assemble(clips, title)
    tracks = [_track("Video", [_clip(event, timeline) for event in timeline.events])]
    if any(_has_sound(event) for event in timeline.events):
        sound = [
            _clip(event, timeline) if _has_sound(event) else _gap(event, timeline)
            for event in timeline.events
        ]
        tracks.append(_track("Audio", sound))
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": tracks}
    document = {"OTIO_SCHEMA": "Timeline.1", "name": timeline.title, "tracks": stack}
    return json.dumps(document, indent=2).encode()


def _track(kind: str, children: list[dict[str, Any]]) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "Track.1", "name": kind, "kind": kind, "children": children}


def _clip(event: Event, timeline: Timeline) -> dict[str, Any]:
    source, clip = event.source, event.clip
    found = {"text": printable(clip.text), "score": clip.score, "probability": clip.probability}
    return {
        "OTIO_SCHEMA": "Clip.2",
        "name": source.name,
        "source_range": _source_range(event, timeline),
        "media_references": {"DEFAULT_MEDIA": _reference(source)},
        "active_media_reference_key": "DEFAULT_MEDIA",
        "metadata": {"vlret": found},
    }


def _source_range(event: Event, timeline: Timeline) -> dict[str, Any]:
    time = event.source.time
    if time is None:
        return _range(0, event.length, timeline.rate)
    return _range(round(time.start * time.rate) + event.first, event.after - event.first, time.rate)


def _reference(source: Source) -> dict[str, Any]:
    time = source.time
    whole = _range(round(time.start * time.rate), time.n_frames, time.rate) if time else None
    return {
        "OTIO_SCHEMA": "ExternalReference.1",
        "name": source.name,
        "target_url": source.uri,
        "available_range": whole,
    }


def _gap(event: Event, timeline: Timeline) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "Gap.1", "source_range": _range(0, event.length, timeline.rate)}


def _range(start: int, n_frames: int, rate: Fraction) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": _time(start, rate),
        "duration": _time(n_frames, rate),
    }


def _time(n_frames: int, rate: Fraction) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "value": float(n_frames), "rate": float(rate)}


def _has_sound(event: Event) -> bool:
    return event.source.time is not None and event.source.time.channels > 0
