"""Which small shards a commit joins, so that a million clips are tens of files."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

MERGE_AT = 16


def n_to_merge(rows: Sequence[int], full: int) -> int:
    """How many of the last shards become one; 0: none.

    Shards of less than `full` rows are joined when they have so many together, or are `MERGE_AT`; those of less than
    `MERGE_AT * full` when they have so many together. So a row is written twice or three times, and about ten times
    where commits have a few rows.

    Args:
        rows: the rows of each shard, in order.
        full: the rows of a shard that a commit is due with.
    """
    for limit, most in ((MERGE_AT * full, None), (full, MERGE_AT)):
        small = list(takewhile(lambda n, limit=limit: n < limit, reversed(rows)))
        if len(small) > 1 and (sum(small) >= limit or len(small) == most):
            return len(small)
    return 0
