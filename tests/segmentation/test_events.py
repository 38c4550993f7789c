from __future__ import annotations

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

from tests.refusal import refused
from tests.segmentation.naive_events import naive_events
from vlret.segmentation.event_settings import EventSettings
from vlret.segmentation.events import Event, EventDetector
from vlret.types import Vectors
from vlret.vectors import unit_rows, unit_vector

SETTINGS = EventSettings(
    delay_s=3.0, min_dwell_s=1.0, max_silence_s=60.0, average_s=4.0, deviations=3.0, least_error=0.05,
    memory=60, reuse_cosine=0.9, described=8,
)  # fmt: skip
DIM = 16
A, B, C = np.eye(DIM, dtype=np.float32)[:3]


def events_of(times: list[float], rows: list[Vectors], settings: EventSettings = SETTINGS) -> list[Event]:
    detector = EventDetector(settings)
    found = [detector.push(time, row) for time, row in zip(times, rows, strict=True)]
    return [event for event in [*found, detector.flush()] if event]


def half_seconds(n: int) -> list[float]:
    return [i / 2 for i in range(n)]


def starts(rows: list[Vectors], settings: EventSettings = SETTINGS) -> list[float]:
    return [event.start_s for event in events_of(half_seconds(len(rows)), rows, settings)]


def noisy(rows: list[Vectors], strength: float, seed: int = 0) -> list[Vectors]:
    noise = np.random.default_rng(seed).normal(size=(len(rows), DIM)) * strength / math.sqrt(DIM)
    return list(unit_rows(np.stack(rows) + noise))


def walk(n: int, seed: int) -> tuple[list[float], list[Vectors]]:
    """Noise, jumps, returns and gaps at random times."""
    rng = np.random.default_rng(seed)
    centres = unit_rows(rng.normal(size=(4, DIM)))
    steps = np.where(rng.random(n) < 0.03, rng.uniform(2, 9, n), rng.uniform(0.2, 0.8, n))
    which = np.cumsum(rng.random(n) < 0.08) * rng.integers(1, 4) % 4
    return np.cumsum(steps).tolist(), noisy(list(centres[which]), rng.choice([0.1, 0.5, 1.0]), seed)


def test_a_step_is_announced_after_the_delay_and_starts_at_the_step():
    first, second = events_of(half_seconds(40), [A] * 20 + [B] * 20)
    assert (first.number, first.start_s, first.decided_s, first.reuses) == (0, 0.0, 3.0, None)
    assert (second.number, second.start_s, second.decided_s, second.reuses) == (1, 10.0, 13.0, None)
    np.testing.assert_array_equal(first.vector, A)
    np.testing.assert_array_equal(second.vector, B)


def test_a_cross_fade_is_one_event_described_by_what_follows_it():
    fade = [unit_vector((1 - w) * A + w * B) for w in np.linspace(0.2, 0.8, 4)]
    _, second = events_of(half_seconds(44), [A] * 20 + fade + [B] * 20)
    assert 10.0 <= second.start_s <= 12.0
    assert second.vector @ B > 0.95


def test_a_slow_drift_is_followed():
    angles = np.linspace(0, np.pi / 2, 480)
    assert starts([np.cos(a) * A + np.sin(a) * B for a in angles], replace(SETTINGS, max_silence_s=999)) == [
        0.0
    ]


def test_noise_and_a_constant_are_one_event():
    assert starts([A] * 100) == [0.0]
    assert starts(noisy([A] * 100, 0.3)) == [0.0]


def test_the_threshold_adapts_to_noise():
    quiet = starts(noisy([A] * 60 + [unit_vector(A + 0.7 * B)] * 20, 0.05))
    loud = starts(noisy([A] * 60 + [unit_vector(A + 0.7 * B)] * 20, 1.0))
    assert quiet == [0.0, 30.0]
    assert loud == [0.0]


def test_a_flicker_shorter_than_the_dwell_is_no_event():
    assert starts([A] * 20 + [B] * 2 + [A] * 20) == [0.0]


def test_an_event_that_ends_before_the_delay_is_announced_at_its_end():
    _, second, third = events_of(half_seconds(44), [A] * 20 + [B] * 4 + [A] * 20)
    assert (second.start_s, second.decided_s) == (10.0, 12.0)
    assert (third.start_s, third.reuses) == (12.0, 0)


def test_after_the_longest_silence_an_event_starts_that_reuses_the_text():
    found = events_of(half_seconds(300), [A] * 300)
    assert [(event.start_s, event.decided_s) for event in found] == [(0, 3), (60, 63), (120, 123)]
    assert [event.reuses for event in found] == [None, 0, 0]


def test_what_was_described_is_reused_until_it_leaves_the_store():
    rows = [A] * 20 + [B] * 20 + [C] * 20 + [A] * 20
    settings = replace(SETTINGS, described=3)
    assert [event.reuses for event in events_of(half_seconds(80), rows, settings)] == [None, None, None, 0]
    settings = replace(SETTINGS, described=2)
    assert [event.reuses for event in events_of(half_seconds(80), rows, settings)] == [None] * 4
    settings = replace(SETTINGS, reuse_cosine=None)
    assert [event.reuses for event in events_of(half_seconds(80), rows, settings)] == [None] * 4


@pytest.mark.parametrize("n", [1, 2])
def test_a_stream_too_short_for_anything_is_one_event_at_its_end(n: int):
    (event,) = events_of(half_seconds(n), [A] * n)
    assert (event.start_s, event.decided_s) == (0.0, (n - 1) / 2)


def test_a_flush_announces_what_lasted_and_nothing_else():
    assert starts([A] * 20 + [B] * 3) == [0.0, 10.0]
    assert starts([A] * 20 + [B] * 2) == [0.0]
    assert EventDetector().flush() is None


def test_behind_a_gap_an_event_starts_at_the_first_vector():
    times = [*half_seconds(20), 100.0, 100.5]
    _, second = events_of(times, [A] * 20 + [B] * 2, replace(SETTINGS, max_silence_s=999))
    assert (second.start_s, second.decided_s) == (100.0, 100.0)


def test_a_candidate_cut_by_a_gap_keeps_the_delay():
    times = [*half_seconds(22), 100.0, 100.5]
    _, second = events_of(times, [A] * 20 + [B] * 4, replace(SETTINGS, max_silence_s=999))
    assert (second.start_s, second.decided_s) == (100.0, 100.0)


def test_a_stream_slower_than_the_delay_announces_at_once():
    found = events_of([10.0 * i for i in range(6)], [A] * 3 + [B] * 3, replace(SETTINGS, max_silence_s=999))
    assert [event.decided_s for event in found] == [10.0, 30.0]


@pytest.mark.parametrize("seed", range(12))
def test_random_streams_give_what_the_naive_version_gives(seed: int):
    times, rows = walk(400, seed)
    settings = replace(SETTINGS, memory=20, max_silence_s=25.0, described=3)
    found, expected = events_of(times, rows, settings), naive_events(times, rows, settings)
    assert len(found) > 5
    assert [(e.number, e.start_s, e.decided_s, e.reuses) for e in found] == [e[:4] for e in expected]
    np.testing.assert_allclose([e.vector for e in found], [e[4] for e in expected], atol=1e-5)


@pytest.mark.parametrize("seed", range(12))
def test_the_delay_is_kept_and_the_silence_ends(seed: int):
    times, rows = walk(400, seed)
    settings = replace(SETTINGS, delay_s=1.0 + seed / 4, max_silence_s=20.0)
    found = events_of(times, rows, settings)
    assert max(event.decided_s - event.start_s for event in found) <= settings.delay_s
    steps = np.diff(times)
    gaps = np.diff([event.start_s for event in found])
    assert gaps.max() <= settings.max_silence_s + settings.delay_s + 2 * steps.max()
    assert [event.number for event in found] == list(range(len(found)))


def test_the_same_stream_gives_the_same_events():
    times, rows = walk(300, 5)
    first, second = events_of(times, rows), events_of(times, rows)
    assert pickle.dumps(first) == pickle.dumps(second)


def test_memory_does_not_grow_with_the_stream():
    settings = replace(SETTINGS, max_silence_s=5.0, reuse_cosine=0.999)
    detector = EventDetector(settings)
    rng = np.random.default_rng(0)
    rows = unit_rows(rng.normal(size=(100, DIM)))

    def largest_state(first: int, last: int) -> int:
        largest = 0
        for i in range(first, last):
            detector.push(i / 50, rows[i // 200 % 100])
            if i % 100 == 99:
                largest = max(largest, len(pickle.dumps(detector)))
        return largest

    after_some = largest_state(0, 10_000)
    assert largest_state(10_000, 100_000) <= after_some + 16


@pytest.mark.parametrize(
    ("time", "row", "code"),
    [
        (1.0, np.full(DIM, np.nan, np.float32), "not_unit_vectors"),
        (1.0, np.zeros(DIM, np.float32), "not_unit_vectors"),
        (1.0, 2 * A, "not_unit_vectors"),
        (1.0, A[None], "not_unit_vectors"),
        (0.0, A, "times_not_rising"),
        (math.nan, A, "times_not_rising"),
    ],
)
def test_a_bad_vector_or_time_is_refused(time: float, row: Vectors, code: str):
    detector = EventDetector()
    detector.push(0.0, A)
    with refused(code):
        detector.push(time, row)
