from __future__ import annotations

import pytest

from vlret.media.live.clock import StreamClock


def times(arrivals: list[tuple[float, float]]) -> list[float]:
    clock = StreamClock()
    return [clock.time_s(stamp, now) for stamp, now in arrivals]


def test_time_stamps_count_while_the_stream_flows():
    assert times([(0, 100), (0.5, 100.6), (1, 101.1), (1.5, 101.4)]) == pytest.approx([0, 0.5, 1, 1.5])


def test_what_is_sent_at_once_keeps_its_own_times():
    assert times([(0, 100), (1, 100), (2, 100), (3, 101), (4, 102)]) == pytest.approx([0, 1, 2, 3, 4])


def test_a_stream_that_stood_still_goes_on_by_the_wall_clock():
    assert times([(0, 100), (0.5, 100.5), (1, 131), (1.5, 131.5)]) == pytest.approx([0, 0.5, 31, 31.5])


def test_a_new_connection_goes_on_by_the_wall_clock():
    clock = StreamClock()
    assert clock.time_s(0.125, 50.0) == 0.125
    assert clock.time_s(5.125, 55.0) == 5.125
    clock.reconnected()
    assert clock.time_s(0.125, 75.0) == pytest.approx(25.125)
    assert clock.time_s(0.375, 75.0) == pytest.approx(25.375)


def test_what_ran_ahead_of_the_clock_is_not_passed_over_by_a_new_connection():
    clock = StreamClock()
    burst = [clock.time_s(stamp_s, 100.0 + stamp_s / 100) for stamp_s in (0.0, 1.0, 2.0)]
    clock.reconnected()
    assert burst == [0.0, 1.0, 2.0]
    assert clock.time_s(0.0, 101.02) == pytest.approx(3.0)
