"""What is shown when: events without gaps, of known lengths, from inside their clips."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.selective.clips import SourceClip
from benchmarks.selective.plan import EVENT_S, VIDEO_S, plan_videos

CLIPS = [SourceClip("set", Path(f"{i}.mp4"), 2.5 + i % 10, (f"text {i}",), False) for i in range(50)]
VIDEOS = plan_videos(CLIPS, 8)
EVENTS = [event for events in VIDEOS for event in events]
PIECES = [piece for event in EVENTS for piece in event.pieces]


def test_events_follow_each_other_without_gaps() -> None:
    for events in VIDEOS:
        pieces = [piece for event in events for piece in event.pieces]
        assert pieces[0].start_s == 0
        assert [p.end_s for p in pieces[:-1]] == [p.start_s for p in pieces[1:]]
        assert VIDEO_S[0] <= events[-1].end_s <= VIDEO_S[1] + EVENT_S[1]


def test_lengths_of_events() -> None:
    lengths = [event.end_s - event.start_s for event in EVENTS]
    assert min(lengths) >= EVENT_S[0] - 1e-6
    assert max(lengths) <= EVENT_S[1] + 1e-6
    assert max(lengths) > 30
    assert all(piece.end_s - piece.start_s >= 1.999 for piece in PIECES)


def test_pieces_show_what_the_clip_has() -> None:
    for piece in PIECES:
        shown_until_s = piece.source_s + (piece.end_s - piece.start_s) * piece.speed
        assert 0 <= piece.source_s < shown_until_s <= piece.clip.seconds + 0.06
        assert 0.49 <= piece.speed <= 1


def test_some_joins_are_no_events() -> None:
    joined = [event for event in EVENTS if len(event.pieces) == 2]
    assert 0.2 < len(joined) / len(EVENTS) < 0.8
    swapped = [e for e in joined if e.pieces[0].source_s > e.pieces[1].source_s]
    first, second = swapped[0].pieces
    assert first.source_s == pytest.approx(second.source_s + second.end_s - second.start_s, abs=1e-3)


def test_every_clip_is_shown_before_one_is_shown_again() -> None:
    assert {event.clip for event in EVENTS[:50]} == set(CLIPS)


def test_the_seed_decides_all() -> None:
    assert plan_videos(CLIPS, 8) == VIDEOS
    assert plan_videos(CLIPS, 8, seed=1) != VIDEOS
