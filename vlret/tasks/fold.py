"""Folds hits that show the same footage into the best of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from vlret.index.copies import Place
from vlret.index.filter import Filter
from vlret.index.index import Index
from vlret.types import Hit, Vectors


def nearest_clips(
    index: Index, vector: Vectors, k: int, one_per_file: bool = True, only: Filter | str | None = None
) -> list[Hit]:
    """Return the `k` nearest clips to a vector float32 [dim] as `Index.search`."""
    return index.search(vector[None], k, one_per_file, only)[0]


def nearest_folded(
    index: Index, vector: Vectors, k: int, one_per_file: bool = True, only: Filter | str | None = None
) -> list[Hit]:
    """Return the `k` nearest clips as `nearest_clips`, those that show the same footage folded into one hit.

    More are fetched until `k` are left, or there are no more.
    """
    n = k
    while True:
        hits = nearest_clips(index, vector, n, one_per_file, only)
        folded = fold(index, hits, one_per_file)
        if len(folded) >= k or len(hits) < n:
            return folded[:k]
        n *= 2


def fold(index: Index, hits: Sequence[Hit], one_per_file: bool) -> list[Hit]:
    """Return the hits without those that show what a better one shows; `copies` of a hit are the other files with it.

    Args:
        hits: of `index`, best first.
        one_per_file: a hit is also left out if its file's better hit is another clip of the same footage.
    """
    copies = index.copies
    if not copies:
        return list(hits)
    kept: list[Hit] = []
    spans: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        places = copies.elsewhere(index.file_of(hit.clip_id), hit.start, hit.end)
        if any(one_per_file or _overlaps(place, better) for place in places for better in spans[place.path]):
            continue
        others = tuple(sorted({place.path for place in places}))
        kept.append(replace(hit, rank=len(kept) + 1, copies=others))
        spans[hit.path].append(hit)
    return kept


def _overlaps(place: Place, hit: Hit) -> bool:
    """Whether the footage of `place` is at least half of the shorter of the two; images are one frame."""
    common = min(place.end, hit.end) - max(place.start, hit.start)
    return common >= min(place.end - place.start, hit.end - hit.start) / 2
