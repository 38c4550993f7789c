"""Queries, and indexes drawn at random that hold an answer to them or do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.nothing_fits.pools import MIXED, Pool
from benchmarks.nothing_fits.words import content_words, shares
from vlret.training.questions import THINGS, may_be, things_in

N_CAPTIONS = 2
"""Captions of an item that are asked for."""
LEAST_CAPTIONS, MOST_CAPTIONS = 5, 3
"""An object that no caption names is absent only where there are so many; one that most name is what they show."""

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A text; which items of the pool it was written for, are a right hit, and may be one: bool [items] each."""

    text: str
    own: Mask
    right: Mask
    perhaps: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A query to an index: the rows of the pool in it, and which of them are right (none: it holds no answer)."""

    group: tuple[str, str, int]
    query: Query
    rows: Rows

    @property
    def right(self) -> Mask:
        """Which clips of the index are right, bool [clips]."""
        return self.query.right[self.rows]


def draw_trials(pools: list[Pool], sizes: tuple[int, ...], count: int, seed: int = 0) -> list[Trial]:
    """`count` trials of each pool, kind of query and size of index, half of them without an answer.

    A group whose pool is too small for the size is left out.
    """
    rng, trials = np.random.default_rng(seed), []
    for pool in pools:
        for kind, (present, absent) in _kinds(pool, pools).items():
            for size in (size for size in sizes if size <= 0.8 * len(pool.items)):
                for _ in range(count // 2):
                    trials.append(Trial((pool.name, kind, size), *_with_answer(present, size, rng)))
                    trials.append(Trial((pool.name, kind, size), *_without_answer(absent, size, rng)))
    return trials


def _with_answer(queries: list[Query], size: int, rng: np.random.Generator) -> tuple[Query, Rows]:
    query = queries[rng.integers(len(queries))]
    own = rng.choice(np.flatnonzero(query.own))
    rest = np.delete(np.arange(len(query.right)), own)
    return query, np.append(rng.choice(rest, size - 1, replace=False), own)


def _without_answer(queries: list[Query], size: int, rng: np.random.Generator) -> tuple[Query, Rows]:
    while True:
        query = queries[rng.integers(len(queries))]
        others = np.flatnonzero(~query.perhaps)
        if len(others) >= size:
            return query, rng.choice(others, size, replace=False)


def _kinds(pool: Pool, pools: list[Pool]) -> dict[str, tuple[list[Query], list[Query]]]:
    """The queries with an answer and those without, by kind."""
    captions, classes, objects = (list(kind(pool)) for kind in (_captions, _classes, _objects))
    elsewhere = list(_elsewhere(pool, pools))
    kinds = {
        "captions": (captions, captions), "captions, absent ones of another set": (captions, elsewhere),
        "classes": (classes, classes), "objects": (objects, objects),
    }  # fmt: skip
    return {kind: queries for kind, queries in kinds.items() if all(queries)}


def _captions(pool: Pool) -> Iterator[Query]:
    """A caption is right for its own item, and for those of which more than half of its words are said.

    Items of which half are said may fit it, so that they stand in no index without an answer.
    """
    for number, item in enumerate(pool.items):
        own = np.arange(len(pool.items)) == number
        for caption in item.captions[:N_CAPTIONS]:
            words = content_words(caption)
            if len(words) > 1:
                share = shares(words, pool.said)
                yield Query(caption, own, own | (share > 0.5), own | (share >= 0.5))


def _elsewhere(pool: Pool, pools: list[Pool]) -> Iterator[Query]:
    """Captions and classes of the other sets."""
    nothing = np.zeros(len(pool.items), bool)
    others = [other for other in pools if other.name not in (pool.name, MIXED)] if pool.name != MIXED else []
    texts = {text for other in others for item in other.items for text in (*item.captions[:1], item.label)}
    for text in sorted(texts):
        if words := content_words(text):
            yield Query(text, nothing, nothing, shares(words, pool.said) >= 0.5)


def _classes(pool: Pool) -> Iterator[Query]:
    """The name of a class is right for its items, and for those whose captions name it."""
    labels = np.array([item.label for item in pool.items])
    for label in sorted(set(labels) - {""}):
        share = shares(content_words(label) or frozenset({label}), pool.said)
        own = labels == label
        yield Query(label, own, own | (share == 1), own | (share > 0))


def _objects(pool: Pool) -> Iterator[Query]:
    """The name of an object: its own items are those of which most captions name it, right are those with any.

    Only where every item has captions enough to tell that an object is absent.
    """
    if min(len(item.captions) for item in pool.items) < LEAST_CAPTIONS:
        return
    named = [[things_in((caption,)) for caption in item.captions] for item in pool.items]
    for name in (words[0] for words in THINGS):
        counts = np.array([sum(name in things for things in captions) for captions in named])
        perhaps = np.array([may_be(name, set().union(*captions)) for captions in named])
        if (counts >= MOST_CAPTIONS).any():
            yield Query(name, counts >= MOST_CAPTIONS, counts > 0, perhaps | (counts > 0))
