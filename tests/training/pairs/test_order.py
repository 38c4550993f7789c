"""The order of clips: whole epochs, exact weights, no clip twice in a step, the same in all processes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from vlret.training.pairs import PairSet
from vlret.training.pairs import order as module
from vlret.training.pairs.clip_media import ClipMedia
from vlret.training.pairs.order import Draw, Order, apportioned
from vlret.training.pairs.pair_set import pair_set
from vlret.training.pairs.row import Row


def clips(name: str, n: int) -> PairSet:
    return pair_set(
        name, (Row(ClipMedia(f"{name}{i}", f"/{name}{i}"), "train", (("", "x"),)) for i in range(n))
    )


def order(*sizes: int, batch: int, weights: tuple[float, ...] = (), seed: int = 0) -> Order:
    sets = [clips("abcdefg"[place], size) for place, size in enumerate(sizes)]
    return Order(sets, weights, batch, seed)


def taken(draw: Draw, attempt: int = 0) -> list[tuple[int, int]]:
    """(dataset, clip) of each pair of a step."""
    return [(int(number), draw.clip(slot, attempt)) for slot, number in enumerate(draw.sets)]


def test_an_epoch_holds_each_clip_once() -> None:
    made = order(12, batch=4)
    epochs = [
        [clip for step in range(first, first + 3) for _, clip in taken(made.draw(step))]
        for first in (0, 3, 6)
    ]
    assert [sorted(epoch) for epoch in epochs] == [list(range(12))] * 3
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_a_step_follows_from_seed_and_number_alone() -> None:
    made, again = order(50, 20, batch=8), order(50, 20, batch=8)
    ahead = [taken(made.draw(step)) for step in range(40)]
    assert [taken(again.draw(step)) for step in reversed(range(40))] == ahead[::-1]
    assert taken(order(50, 20, batch=8, seed=1).draw(0)) != ahead[0]
    assert np.array_equal(made.draw(7).chance, again.draw(7).chance)
    assert not np.array_equal(made.draw(7).chance, made.draw(8).chance)


def test_weights_hold_exactly_in_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 1000)
    made = order(300, 10, 5, batch=10, weights=(6, 3, 1))
    blocks = [
        Counter(number for step in range(first, first + 100) for number, _ in taken(made.draw(step)))
        for first in (0, 100)
    ]
    assert blocks == [{0: 600, 1: 300, 2: 100}] * 2


def test_without_weights_all_clips_are_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 120)
    made = order(20, 10, batch=4)
    uses = Counter(one for step in range(60) for one in taken(made.draw(step)))
    assert len(uses) == 30
    assert set(uses.values()) <= {
        7,
        8,
        9,
    }  # at the end of an epoch the next clip takes the place of a repeated one


def test_a_small_weight_is_not_lost() -> None:
    made = order(4_000, 1, batch=10, weights=(1e9, 1.0))
    assert made._counts.tolist() == [99_999, 1]


@pytest.mark.parametrize(
    ("shares", "total", "counts"),
    [
        ([0.5, 0.5], 10, [5, 5]), ([0.55, 0.45], 10, [6, 4]), ([1 / 3] * 3, 10, [4, 3, 3]),
        ([0.999, 0.0005, 0.0005], 100, [98, 1, 1]),
    ],
)  # fmt: skip
def test_shares_become_whole_numbers(shares: list, total: int, counts: list) -> None:
    assert apportioned(np.array(shares), total).tolist() == counts


@pytest.mark.parametrize("attempts", [1, 3])
def test_no_clip_stands_twice_in_a_step(attempts: int) -> None:
    made = order(25, 31, batch=8)
    for step in range(30):  # over the ends of several epochs
        draw = made.draw(step)
        read = [one for attempt in range(attempts) for one in taken(draw, attempt)]
        assert len(set(read)) == 8 * attempts


def test_no_clip_of_two_datasets_stands_twice_in_a_step() -> None:
    made = Order([clips("a", 9), clips("a", 9)], (), 9, 0)
    for step in range(20):
        draw = made.draw(step)
        assert len({made.sets[number].clip_ids[clip] for number, clip in taken(draw)}) == 9


def test_a_dataset_smaller_than_the_step_repeats_its_clips() -> None:
    found = Counter(clip for _, clip in taken(order(3, batch=7).draw(0)))
    assert sorted(found) == [0, 1, 2]
    assert sum(found.values()) == 7


def test_replacements_come_from_the_same_dataset() -> None:
    draw = order(40, 40, batch=8).draw(0)
    assert [number for number, _ in taken(draw, 5)] == [number for number, _ in taken(draw)]


def test_replacements_do_not_depend_on_who_asks_first() -> None:
    one, other = (order(40, 5, batch=8).draw(3) for _ in range(2))
    late = [one.clip(slot, attempt) for attempt in reversed(range(4)) for slot in reversed(range(8))]
    assert late[::-1] == [other.clip(slot, attempt) for attempt in range(4) for slot in range(8)]
