"""Which clips a step reads: a function of seed and step alone, the same in all processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import count

import numpy as np
from numpy.typing import NDArray

from vlret.training.pairs.pair_set import PairSet

Numbers = NDArray[np.int64]

BLOCK = 100_000
"""The weights of a mixture hold exactly in every block of about so many pairs."""
_BLOCKS, _EPOCHS, _TEXTS = range(3)
"""What random numbers are for: first part of their seeds."""


class Order:
    """The clips of several datasets in an endless random order; each dataset is read whole before it begins again.

    Args:
        sets: one dataset or more, none empty.
        weights: how many of the pairs each gives, up to a factor; empty: as many as it has clips.
        batch: pairs of a step, over all processes.
        seed: of the order.
    """

    def __init__(self, sets: Sequence[PairSet], weights: Sequence[float], batch: int, seed: int) -> None:
        self.sets, self.batch, self.seed = sets, batch, seed
        shares = np.array(weights or [len(one) for one in sets], np.float64)
        self._steps = -(-BLOCK // batch)
        self._counts = apportioned(shares / shares.sum(), self._steps * batch)
        self._block = lru_cache(2)(self._new_block)
        self._epoch = lru_cache(2 * len(sets))(self._new_epoch)

    def draw(self, step: int) -> Draw:
        """Return what step number `step` reads."""
        block, place = divmod(step, self._steps)
        slots = self._block(block)
        now = slice(place * self.batch, (place + 1) * self.batch)
        before = np.bincount(slots[: now.start], minlength=len(self.sets))
        return Draw(self, step, slots[now], block * self._counts + before)

    def clip(self, number: int, use: int) -> int:
        """Return the clip that a dataset gives as its use 0, 1, 2, ..."""
        epoch, place = divmod(use, len(self.sets[number]))
        return int(self._epoch(number, epoch)[place])

    def _new_block(self, block: int) -> Numbers:
        """The dataset of each pair of a block."""
        slots = np.repeat(np.arange(len(self.sets)), self._counts)
        return np.random.default_rng([_BLOCKS, self.seed, block]).permutation(slots)

    def _new_epoch(self, number: int, epoch: int) -> Numbers:
        return np.random.default_rng([_EPOCHS, self.seed, number, epoch]).permutation(len(self.sets[number]))


class Draw:
    """What one step reads: for each of its pairs a clip, and clips that take its place if it cannot be read.

    No clip stands in it twice unless its dataset has fewer clips than the step takes of it. Several threads may ask.

    Attributes:
        sets: int64 [batch], the dataset of each pair.
        chance: float64 [batch] in [0, 1), which of its clip's texts each pair has.
    """

    def __init__(self, order: Order, step: int, sets: Numbers, starts: Numbers) -> None:
        self.sets = sets
        self.chance = np.random.default_rng([_TEXTS, order.seed, step]).random(len(sets))
        self._order, self._seen, self._lock = order, set[int](), threading.Lock()
        self._coming = [self._unseen(number, int(first)) for number, first in enumerate(starts)]
        self._rounds: list[list[int]] = []

    def clip(self, slot: int, attempt: int) -> int:
        """Return the clip of a pair in its dataset; from attempt 1 on those that take its place."""
        with self._lock:
            while len(self._rounds) <= attempt:
                self._rounds.append([next(self._coming[number]) for number in self.sets])
            return self._rounds[attempt][slot]

    def _unseen(self, number: int, first: int) -> Iterator[int]:
        """Yield the clips of a dataset, from use `first` on, that the step has not yet; when it has all, any."""
        ids, n_seen = self._order.sets[number].clip_ids, 0
        for use in count(first):
            clip = self._order.clip(number, use)
            n_seen = n_seen + 1 if ids[clip].item() in self._seen else 0
            if n_seen == 0 or n_seen > 2 * len(ids):
                self._seen.add(ids[clip].item())
                yield clip


def apportioned(shares: NDArray[np.float64], total: int) -> Numbers:
    """Return whole numbers [n] of sum `total` in the ratio of `shares` [n], of sum 1, and each 1 or more."""
    exact = shares * total
    counts = np.maximum(1, np.floor(exact)).astype(np.int64)
    rest = total - int(counts.sum())
    if rest > 0:
        counts[np.argsort(counts - exact, kind="stable")[:rest]] += 1
    else:  # small datasets got more than their share
        counts[counts.argmax()] += rest
    return counts
