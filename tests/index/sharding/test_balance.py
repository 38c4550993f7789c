"""Nothing is lost or doubled, and no shard costs much more than the mean."""

from __future__ import annotations

import math
import random

import pytest

from vlret.index.sharding.balance import FILE_S, SLACK, Span, Weight, balanced, seconds_of, total_cost


def drawn(seed: int) -> tuple[list[Weight], int]:
    """Images, short and long videos, some of which cannot be cut."""
    draw = random.Random(seed)
    files = []
    for _ in range(draw.choice([0, 1, 2, 5, 40, 300])):
        length = draw.choice([0.0, draw.uniform(0.5, 30), draw.uniform(30, 600), draw.uniform(600, 40000)])
        step = draw.choice([0.0, 0.5, 10.0, 60.0])
        n_steps = math.ceil(length / step) if step else 1
        files.append(Weight(length, step, n_steps) if n_steps > 1 else Weight(length))
    return files, draw.choice([1, 2, 3, 16, 200])


def joined(shards: list[list[Span]]) -> list[Span]:
    """The spans of all shards, those of a file that follow each other joined."""
    files: list[Span] = []
    for number, start, end in (span for shard in shards for span in shard):
        if files and files[-1][0] == number:
            assert files[-1][2] == start
            files[-1] = (number, files[-1][1], end)
        else:
            files.append((number, start, end))
    return files


@pytest.mark.parametrize("seed", range(0, 300, 50))
def test_every_file_is_there_whole_and_once(seed):
    for files, n_shards in map(drawn, range(seed, seed + 50)):
        check_whole(files, n_shards)


def check_whole(files: list[Weight], n_shards: int) -> None:
    shards = balanced(files, n_shards)
    assert joined(shards) == [(number, 0.0, None) for number in range(len(files))]
    assert len(shards) <= n_shards
    assert all(shards)
    for number, start, end in (span for shard in shards for span in shard):
        for second in (start, end or 0.0):
            file = files[number]
            assert second == 0.0 or (second / file.step_s).is_integer()
            assert second == 0.0 or second < file.n_steps * file.step_s


@pytest.mark.parametrize("seed", range(0, 300, 50))
def test_no_shard_costs_much_more_than_the_mean(seed):
    for files, n_shards in map(drawn, range(seed, seed + 50)):
        if files:
            check_costs(files, n_shards)


def check_costs(files: list[Weight], n_shards: int) -> None:
    mean = total_cost(files) / n_shards
    longest = max(file.step_s if file.step_s else FILE_S + file.length_s for file in files)
    most = mean + 2 * max(SLACK * mean, longest / 2 + FILE_S)
    for shard in balanced(files, n_shards):
        assert seconds_of(shard, files) + FILE_S * len(shard) <= most + FILE_S + 1e-6


def test_a_long_video_is_shared_evenly():
    shards = balanced([Weight(0.0), Weight(3600.0, 10.0, 360), Weight(5.0)], 4)
    assert shards == [
        [(0, 0.0, None), (1, 0.0, 900.0)], [(1, 900.0, 1800.0)], [(1, 1800.0, 2700.0)],
        [(1, 2700.0, None), (2, 0.0, None)],
    ]  # fmt: skip


def test_a_video_that_begins_near_where_a_shard_shall_end_is_not_cut():
    shards = balanced([Weight(100.0, 1.0, 100), Weight(106.0, 1.0, 106)], 2)
    assert shards == [[(0, 0.0, None)], [(1, 0.0, None)]]


def test_few_files_give_few_shards():
    assert balanced([Weight(0.0), Weight(0.0)], 9) == [[(0, 0.0, None)], [(1, 0.0, None)]]
    assert balanced([], 3) == []
