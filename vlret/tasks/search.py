"""Search: the clips of an index nearest to a sentence, an image or a video."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vlret.errors import MediaError, UsageError
from vlret.index.index import Index
from vlret.media.sources import MEDIA_SUFFIXES
from vlret.models.base import ClipInput, Embedder
from vlret.tasks.fit import model_of
from vlret.tasks.texts import warn_about
from vlret.types import Hit, Vectors

DEFAULT_WEIGHT = 0.5
"""Weight of a `plus` or `minus` against the query's 1."""

Weighted = ClipInput | tuple[ClipInput, float]


def search(
    index: Index,
    query: ClipInput,
    *,
    model: Embedder | str | None = None,
    k: int = 10,
    plus: Sequence[Weighted] = (),
    minus: Sequence[Weighted] = (),
    one_per_file: bool = True,
    only: str | None = None,
) -> list[Hit]:
    """The `k` clips of `index` nearest to `query`, best first.

    Args:
        index: an open index.
        query: a sentence, or an image or video: a string that names an existing media file, a `Path`,
            a `Clip`, or decoded frames.
        model: None takes the index's own; another one is refused.
        k: number of hits at most.
        plus: added to the query; each a query, or (query, weight) in place of the weight 0.5.
        minus: taken away from the query, in the same form.
        one_per_file: only the best clip of each file.
        only: files whose path matches this pattern (`*` goes across folders).

    Raises:
        UsageError: an empty query, or `k` or a weight that is not positive.
        ModelError: the model is missing or is not the one that made the index.
    """
    if k < 1:
        raise UsageError(f"k was given as {k}.", "Give 1 or more.")
    vector = query_vector(model_of(index, model), query, plus, minus)
    return index.search(vector[None], k=k, one_per_file=one_per_file, only=only)[0]


def query_vector(
    model: Embedder, query: ClipInput, plus: Sequence[Weighted] = (), minus: Sequence[Weighted] = ()
) -> Vectors:
    """The unit vector float32 [dim] of `query` + weight x each of `plus` - weight x each of `minus`."""
    total: Vectors = _embed(model, query).copy()
    for sign, items in ((1, plus), (-1, minus)):
        for item in items:
            part, weight = item if isinstance(item, tuple) else (item, DEFAULT_WEIGHT)
            if not weight > 0:
                raise UsageError(f"The weight of {part!r} was given as {weight}.", "Give more than 0.")
            total += np.float32(sign * weight) * _embed(model, part)
    length = np.linalg.norm(total)
    if length < 1e-6:
        raise UsageError("The query and what is taken away from it cancel out.", "Use a smaller weight.")
    total /= length
    return total


def parse_weighted(text: str) -> Weighted:
    """`red car` as it is, `red car^0.8` as ("red car", 0.8): a number after the last `^` is the weight."""
    words, mark, weight = text.rpartition("^")
    try:
        return (words, float(weight)) if mark else text
    except ValueError:
        return text


def _embed(model: Embedder, query: ClipInput) -> Vectors:
    if not isinstance(query, str) or _names_media(query):
        rows = model.embed_clips([_looked_at(model, query)])
    elif query.strip():
        warn_about(model, query)
        rows = model.embed_texts([query])
    else:
        raise UsageError(
            "The query, or what is added to or taken away from it, is empty.",
            "Give a sentence, or the path of an image or video.",
        )
    vector: Vectors = rows[0]
    return vector


def _looked_at(model: Embedder, query: ClipInput) -> ClipInput:
    """A file as frames, decoded in a child process that is killed when it hangs."""
    if not isinstance(query, (str, Path)):
        return query
    from vlret.media.guarded import read_whole  # brings PyAV, which a sentence does not need
    from vlret.media.pool import DecodePool

    with DecodePool() as pool:
        return read_whole(pool, query, model.card.frames, model.card.decode_size)


def _names_media(query: str) -> bool:
    if Path(query).suffix.lower() not in MEDIA_SUFFIXES:
        return False
    if os.path.isfile(query):
        return True
    if " " in query:
        return False
    raise MediaError(f"{query} is not there.", "Check the path; a sentence does not end like a media file.")
