"""Which of the hits a page shows, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vlret.errors import UsageError
from vlret.index.index import Index
from vlret.text import count_of
from vlret.types import Hit, check_count

SORTS = ("score", "time", "path")


def candidates_for(k: int, page: int) -> int:
    """How many hits to look for: `page` pages of `k` hits, and one more, as another page may follow.

    Raises:
        UsageError: one of them is below 1.
    """
    check_count(k, "k")
    check_count(page, "page")
    return k * page + 1


def page_of(hits: Sequence[Hit], k: int, page: int) -> tuple[list[Hit], bool]:
    """The hits of page number `page` (from 1) with `k` hits a page, and whether another page follows."""
    return list(hits[k * (page - 1) : k * page]), len(hits) > k * page


def check_sort(sort: str) -> None:
    """Raise UsageError unless `sort_hits` knows `sort`."""
    if sort not in SORTS:
        raise UsageError(
            f"sort was given as {sort!r}.", f"Known: {', '.join(SORTS)}.", code="bad_sort", given=sort
        )


def sort_hits(index: Index, hits: Sequence[Hit], sort: str) -> list[Hit]:
    """The same hits by falling score, by time, or by path and start; each keeps its rank, which is by score.

    The time of a hit is when it was recorded, or, where that is not known, when its file was changed.

    Raises:
        UsageError: another `sort`.
    """
    check_sort(sort)
    if sort == "path":
        return sorted(hits, key=lambda hit: (hit.path, hit.start))
    if sort == "score" or not hits:
        return list(hits)
    return [hits[place] for place in np.argsort(times_of(index, hits), kind="stable")]


def times_of(index: Index, hits: Sequence[Hit]) -> NDArray[np.float64]:
    """When each hit of `index` was recorded, else its file changed: float64 [n], seconds since 1970."""
    columns = index.columns
    files = columns.files[np.searchsorted(index.clip_ids, [hit.clip_id for hit in hits])]
    taken, is_known, changed = (columns.arrays[name][files] for name in ("taken", "taken.known", "mtime_ns"))
    times_s: NDArray[np.float64] = np.where(is_known, taken, changed // 1000) / 1e6
    return times_s + [hit.start for hit in hits]


def unmeasured_warning(n_files: int) -> str:
    """What to say where `n_files` of an index have no metadata to filter by."""
    return (
        f"{count_of(n_files, 'file')} of an older index: size, length and capture time are not known until they are "
        "indexed again, which encodes nothing."
    )
