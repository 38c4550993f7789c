"""Ranks and what is counted from them; ties are counted as their expected value, so that constant scores give chance.

Only score blocks are held, never the whole matrix: 100,000 queries over 100,000 items take about 300 MB beside
the vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import digamma, gammaln

from vlret.errors import UsageError
from vlret.types import Vectors

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Scores = NDArray[np.floating[Any]]
ScoreBlocks = Callable[[], Iterator[Scores]]
"""Gives the scores of all queries as [b, n] blocks of rows; may be called again. -inf: no vector."""

_SCORES_AT_ONCE = 1 << 24


@dataclass(frozen=True)
class Ranks:
    """Where the relevant items of each query stand, ties kept as ties.

    One entry a query and score that relevant items have, by query, best score first: `above` items score
    more, `tied` items score the same, `found` of which are relevant. Relevant items without a score have no
    entry: they are never found. `n_positive` [q] counts the relevant, `n_items` [q] all items of a query.
    """

    query: Ints
    above: Ints
    tied: Ints
    found: Ints
    n_positive: Ints
    n_items: Ints

    @cached_property
    def _first(self) -> tuple[Ints, Ints]:
        """(queries that have an entry, their best entry)."""
        queries, entries = np.unique(self.query, return_index=True)
        return queries, entries

    def _of_first(self, values: NDArray[np.generic]) -> Floats:
        """A value of each query's best entry; one past the last item for a query without an entry."""
        queries, entries = self._first
        rows = np.asarray(self.n_items + 1, np.float64)
        rows[queries] = values[entries]
        return rows

    def _sum(self, values: NDArray[np.generic]) -> Floats:
        sums: Floats = np.bincount(self.query, values, len(self.n_items)).astype(np.float64)
        return sums

    @property
    def best(self) -> Ints:
        """Rank of the best relevant item, from 1, with all ties in its favour; n_items + 1 where it has no score."""
        return self._of_first(self.above + 1).astype(np.int64)

    @property
    def worst(self) -> Ints:
        """The same with all ties against it."""
        return self._of_first(self.above + 1 + self.tied - self.found).astype(np.int64)

    @property
    def expected(self) -> Floats:
        """The same as a mean over all ways to break ties."""
        return self._of_first(self.above + (self.tied + 1) / (self.found + 1))

    def hit_at(self, k: int) -> Floats:
        """For each query, the chance in 0..1 that a relevant item is among the first `k`."""
        queries, e = self._first
        n, r = self.tied[e], self.found[e]
        taken = np.clip(k - self.above[e], 0, n)
        # no relevant one among `taken` of n: C(n - r, taken) / C(n, taken)
        ways = gammaln(n - r + 1) - gammaln(np.maximum(n - r - taken, 0) + 1)
        ways -= gammaln(n + 1) - gammaln(n - taken + 1)
        hits = np.zeros(len(self.n_items))
        hits[queries] = np.where(taken > n - r, 1.0, np.where(r == 1, taken / n, -np.expm1(ways)))
        return hits

    def recall_at(self, k: int) -> Floats:
        """For each query, the share in 0..1 of its relevant items that are among the first `k`."""
        taken = np.clip(k - self.above, 0, self.tied)
        return self._sum(self.found * taken / self.tied) / self.n_positive

    def average_precision(self) -> Floats:
        """For each query, the mean over its relevant items of the precision at their place, in 0..1."""
        before = np.cumsum(self.found) - self.found
        queries, entries = self._first
        before -= np.repeat(before[entries], np.bincount(self.query)[queries])
        a, n, r = self.above, self.tied, self.found
        grow = np.where(n > 1, (r - 1) / np.maximum(n - 1, 1), 0.0)  # relevant ones more with each place
        harmonic = digamma(a + n + 1.0) - digamma(a + 1.0)  # sum of 1 / place over the n places
        mean = ((before + 1 - grow * (a + 1)) * harmonic + grow * n) / n
        return self._sum(r * mean) / self.n_positive

    def ndcg_at(self, k: int) -> Floats:
        """For each query, the discounted gain of its first `k` items over that of the best order, in 0..1."""
        gains = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])
        spread = gains[np.minimum(self.above + self.tied, k)] - gains[np.minimum(self.above, k)]
        ideal = np.take(gains, np.minimum(self.n_positive, k))
        return np.asarray(self._sum(self.found / self.tied * spread) / ideal)

    def by_rule(self, ties: str) -> Ranks:
        """These ranks with ties broken: "optimistic", "pessimistic", or "expected" to keep them as ties."""
        if ties == "expected":
            return self
        query, place = np.repeat([self.query, self.above], self.found, axis=1)
        place += np.arange(len(place)) - np.repeat(np.cumsum(self.found) - self.found, self.found)
        if ties == "pessimistic":
            place += np.repeat(self.tied - self.found, self.found)
        one = np.ones_like(place)
        return replace(self, query=query, above=place, tied=one, found=one)

    def chance(self) -> Ranks:
        """The ranks that equal scores for all items would give."""
        queries = np.arange(len(self.n_items))
        nothing = np.zeros_like(queries)
        return replace(self, query=queries, above=nothing, tied=self.n_items, found=self.n_positive)


def cosine(queries: Vectors, items: Vectors, block: int | None = None) -> ScoreBlocks:
    """Cosines of unit vectors float32 [q, dim] and [n, dim], `block` queries at once.

    A row of NaN stands for something without a vector: its scores are -inf. Equal items have equal scores
    to the last bit, wherever they stand.
    """
    different, place = _unique_rows(items)
    rows = block or max(1, _SCORES_AT_ONCE // max(len(items), 1))

    def blocks() -> Iterator[Scores]:
        for first in range(0, len(queries), rows):
            scores = (queries[first : first + rows] @ different.T)[:, place]
            yield np.where(np.isnan(scores), np.float32(-np.inf), scores)

    return blocks


def rank(scores: ScoreBlocks, relevant: csr_array | NDArray[np.bool_]) -> Ranks:
    """Where the relevant items stand; `relevant` is bool [q, n], best as `scipy.sparse.csr_array`.

    Raises:
        UsageError: a query has no relevant item.
    """
    positives = csr_array(relevant)
    counts = np.diff(positives.indptr).astype(np.int64)
    if not counts.all():
        query = int(counts.argmin())
        raise UsageError(
            f"Query {query} has no relevant item.", "Remove it.", code="no_relevant_item", query=query
        )
    places: list[Ints] = []
    first = 0
    for block in scores():
        places.append(_places(block, positives[first : first + len(block)], first))
        first += len(block)
    n_items = np.full(len(counts), positives.shape[1], np.int64)
    query, above, tied = np.concatenate(places, axis=1)
    return grouped(query, above, tied, counts, n_items)


def ranks(
    queries: Vectors, items: Vectors, relevant: csr_array | NDArray[np.bool_], block: int | None = None
) -> Ranks:
    """`rank` by cosine of unit vectors float32 [q, dim] and [n, dim]."""
    return rank(cosine(queries, items, block), relevant)


def grouped(query: Ints, above: Ints, tied: Ints, n_positive: Ints, n_items: Ints) -> Ranks:
    """Ranks from one entry a relevant item: its query, items above it, and items of its score with itself."""
    order = np.lexsort((above, query))
    pairs, entries, found = np.unique(
        np.stack([query[order], above[order]]), axis=1, return_index=True, return_counts=True
    )
    return Ranks(pairs[0], pairs[1], tied[order][entries], found.astype(np.int64), n_positive, n_items)


def top_items(scores: ScoreBlocks, k: int) -> tuple[NDArray[np.int32], Scores]:
    """The `k` best items of each query, int32 [q, k], best first, ties by number, and their scores.

    Past the items that have a score, the score is -inf and the item means nothing.
    """
    parts = [_top(block, k) for block in scores()]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _places(scores: Scores, positives: csr_array, first: int) -> Ints:
    """int64 [3, m]: query, items above, items of the same score, for each relevant item with a score."""
    counts, start = np.diff(positives.indptr), positives.indptr[:-1]
    found = []
    for turn in range(int(counts.max(initial=0))):
        rows = np.flatnonzero(counts > turn)
        own = scores[rows, positives.indices[start[rows] + turn]]
        rows, own = rows[own > -np.inf], own[own > -np.inf, None]
        block = scores if len(rows) == len(scores) else scores[rows]
        above, tied = np.count_nonzero(block > own, axis=1), np.count_nonzero(block == own, axis=1)
        found.append(np.stack([rows + first, above, tied]).astype(np.int64))
    return np.concatenate(found, axis=1) if found else np.empty((3, 0), np.int64)


def _top(scores: Scores, k: int) -> tuple[NDArray[np.int32], Scores]:
    rows, left = np.arange(len(scores)), scores.copy()
    best = np.empty((len(rows), min(k, scores.shape[1])), np.int32)
    values = np.empty(best.shape, scores.dtype)
    for place in range(best.shape[1]):  # for a small k many times as fast as a partition
        first = left.argmax(axis=1)
        best[:, place], values[:, place] = first, left[rows, first]
        left[rows, first] = -np.inf
    return best, values


def _unique_rows(rows: Vectors) -> tuple[Vectors, Ints]:
    """The different rows, and for each row the number of its like among them."""
    plain = np.ascontiguousarray(rows + np.float32(0))  # no negative zero
    as_bytes = plain.view(np.dtype((np.void, plain.itemsize * plain.shape[1]))).ravel()
    _, first, place = np.unique(as_bytes, return_index=True, return_inverse=True)
    return plain[first], place
