"""Which small shards a commit joins, so that a million clips are tens of files."""

from __future__ import annotations

from collections.abc import Sequence

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
        n_small = next((n for n, size in enumerate(reversed(rows)) if size >= limit), len(rows))
        small = rows[len(rows) - n_small :]
        if n_small > 1 and (sum(small) >= limit or n_small == most):
            return n_small
    return 0
