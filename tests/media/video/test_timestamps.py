"""timestamps.py: joined recordings and damaged timestamps, in ticks of one frame."""

from __future__ import annotations

import numpy as np
import pytest

from vlret.media.video.timestamps import NO_TIME, REORDER, monotonic_times

STILL = float("inf")
STEP = 4


def plain(n: int, start: int = 0) -> list[int]:
    """`n` frames shown in the order stored."""
    return [start + number * STEP for number in range(n)]


def reordered(n: int, start: int = 0) -> list[int]:
    """I P B B P B B: each third frame is stored before the two shown earlier."""
    order = [0, *(first + other for first in range(0, n - 1, 3) for other in (3, 1, 2) if first + other < n)]
    return [start + number * STEP for number in order]


def clock(times: list[int], keys: set[int], max_gap: float = STILL) -> list[int]:
    is_key = np.array([row in keys for row in range(len(times))], np.bool_)
    return monotonic_times(np.array(times, np.int64), is_key, max_gap).tolist()


@pytest.mark.parametrize("layout", [plain, reordered])
@pytest.mark.parametrize("start", [0, 1000, -1000])
def test_a_clock_that_runs_on_is_left_alone(layout, start):
    times = np.array(layout(61, start))
    assert monotonic_times(times, np.isin(np.arange(61), (0, 31)), STILL) is times


def test_a_still_picture_between_reordered_frames_is_no_jump():
    """The frame after the still is stored before the last ones that come before it."""
    times = [0, 4, 5000, 8, 12, 5012, 5004, 5008, *plain(30, 5016)]
    assert clock(times, {0}) == times
    # As many as a codec may reorder.
    times = [0, 5000, *plain(REORDER, 4), *plain(30, 5004)]
    assert clock(times, {0}) == times


@pytest.mark.parametrize("layout", [plain, reordered])
@pytest.mark.parametrize(
    "starts", [(7000, 0), (0, 0), (7000, 20), (7000, 0, 7000), (7000, 3000, 0), (0, 0, 0), (0, 116)]
)
def test_recordings_follow_each_other_where_the_clock_jumps_back(layout, starts):
    n = 31
    times = [time for start in starts for time in layout(n, start)]
    expected = [time for part in range(len(starts)) for time in layout(n, starts[0] + part * n * STEP)]
    found = clock(times, set(range(0, len(times), n)), max_gap=1000)
    assert found == expected


def test_a_recording_may_begin_between_keyframes():
    assert clock(plain(40, 7000) + plain(40), {0, 60}) == plain(80, 7000)


@pytest.mark.parametrize("layout", [plain, reordered])
def test_a_step_ahead_is_a_joint_only_where_the_clock_may_jump(layout):
    times = layout(31) + layout(31, 7000)
    assert clock(times, {0, 31}, max_gap=1000) == layout(31) + layout(31, 31 * STEP)
    assert clock(times, {0, 31}) == times


@pytest.mark.parametrize("wrong", [1_000_000, -1_000_000, 500])
@pytest.mark.parametrize("max_gap", [STILL, 1000])
@pytest.mark.parametrize("keys", [{0}, {0, 20, 40}, set(range(60))])
@pytest.mark.parametrize("row", [17, 25, 30])
def test_one_damaged_time_stamp_is_left_out(wrong, max_gap, keys, row):
    times = plain(60)
    times[row] += wrong
    expected = plain(60)
    expected[row] = NO_TIME
    assert clock(times, keys - {row} if len(keys) < 60 else keys, max_gap) == expected


def test_damage_among_reordered_frames_and_near_the_end():
    times = reordered(61)
    times[22] += 90_000
    assert clock(times, {0}) == [NO_TIME if row == 22 else time for row, time in enumerate(reordered(61))]
    times = plain(40)
    times[30] += 90_000
    assert clock(times, {0}) == [NO_TIME if row == 30 else time for row, time in enumerate(plain(40))]


def test_packets_without_a_time_stay_so():
    times = [NO_TIME if row % 2 else time for row, time in enumerate(plain(40, 7000) + plain(40))]
    found = clock(times, {0, 40})
    assert found[1::2] == [NO_TIME] * 40
    assert found[::2] == plain(80, 7000)[::2]


def test_any_times_at_all_are_read_in_time():
    rng = np.random.default_rng(0)
    times = rng.integers(-(1 << 60), 1 << 60, 20_000)
    assert len(clock(times.tolist(), set(range(0, 20_000, 3)), max_gap=1000)) == 20_000
    assert clock([], set()) == []
    assert clock([NO_TIME], {0}) == [NO_TIME]
    assert clock([7], {0}) == [7]
