"""Search: the clips of an index nearest to a sentence, an image or a video."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from vlret.errors import UsageError
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.models.inputs import ClipInput, as_clip, check_text, ordered
from vlret.tasks.index_model import model_for_index, open_index
from vlret.tasks.query import file_of
from vlret.tasks.text_warnings import log_text_warnings
from vlret.types import Clip, Hit, Vectors, check_count
from vlret.vectors import unit_vector

DEFAULT_WEIGHT = 0.5
"""Weight of a `plus` or `minus` against the query's 1."""

Weighted = ClipInput | tuple[ClipInput, float]


def search(
    index: Index | str | Path,
    query: ClipInput,
    *,
    model: Embedder | str | Path | None = None,
    k: int = 10,
    plus: Sequence[Weighted] = (),
    minus: Sequence[Weighted] = (),
    one_per_file: bool = True,
    only: str | None = None,
) -> list[Hit]:
    """The `k` clips of `index` nearest to `query`, best first.

    Args:
        index: an open index, or its folder.
        query: a sentence, or an image or video: a string that names a file, a `Path`, a `Clip`, or decoded
            frames. Of a vector ask `index.search`.
        model: None takes the index's own; another one is refused.
        k: number of hits at most.
        plus: added to the query; each a query, or (query, weight) in place of the weight 0.5.
        minus: taken away from the query, in the same form.
        one_per_file: only the best clip of each file.
        only: files whose path holds this text or matches this pattern (`*` goes across folders).

    Raises:
        UsageError: an empty query, a folder as query, one query in place of a list for `plus` or `minus`, or
            `k` or a weight that is not positive.
        MediaError: a query that is a file cannot be read, or looks like a path that is not there.
        ModelError: the model is missing or is not the one that made the index.
    """
    check_count(k, "k")
    index = open_index(index)
    vector = query_vector(model_for_index(index, model), query, plus, minus)
    return index.search(vector[None], k=k, one_per_file=one_per_file, only=only)[0]


def query_vector(
    model: Embedder, query: ClipInput, plus: Sequence[Weighted] = (), minus: Sequence[Weighted] = ()
) -> Vectors:
    """The unit vector float32 [dim] of `query` + weight x each of `plus` - weight x each of `minus`."""
    given = [
        (sign, *_weighted(item))
        for sign, items, name in ((1, plus, "plus queries"), (-1, minus, "minus queries"))
        for item in ordered(items, name)
    ]
    total: Vectors = _embed(model, query).copy()
    for sign, part, weight in given:
        total += np.float32(sign * weight) * _embed(model, part)
    if np.linalg.norm(total) < 1e-6:
        raise UsageError("The query and what is taken away from it cancel out.", "Use a smaller weight.")
    return unit_vector(total)


def parse_weighted(text: str) -> Weighted:
    """`red car` as it is, `red car^0.8` as ("red car", 0.8).

    Raises:
        UsageError: what comes after the last `^` is no number.
    """
    words, mark, weight = text.rpartition("^")
    try:
        return (words, float(weight)) if mark else text
    except ValueError as error:
        raise UsageError(
            f"{text!r} has {weight!r} as its weight.", "Write a number after ^, such as 'snow^0.3'."
        ) from error


def _weighted(item: Any) -> tuple[ClipInput, float]:
    part, weight = item if isinstance(item, tuple) and len(item) == 2 else (item, DEFAULT_WEIGHT)
    if not isinstance(weight, Real) or not 0 < float(weight) < math.inf:
        raise UsageError(f"The weight of {part!r} was given as {weight!r}.", "Give a number above 0.")
    if isinstance(part, str) and isinstance(parse_weighted(part), tuple):
        raise UsageError(f"A query was given as {part!r}.", f"In Python write {parse_weighted(part)!r}.")
    return part, float(weight)


def _embed(model: Embedder, query: ClipInput) -> Vectors:
    if isinstance(query, str):
        if not query.strip():
            raise UsageError(
                "The query, or what is added to or taken away from it, is empty.",
                "Give a sentence, or the path of an image or video.",
            )
        file = file_of(query)
        if file is None:
            return _embed_sentence(model, query)
        query = file
    vector: Vectors = model.embed_clips([_looked_at(model, query)])[0]
    return vector


def _embed_sentence(model: Embedder, sentence: str) -> Vectors:
    check_text(sentence, "The query")
    log_text_warnings(model, sentence)
    vector: Vectors = model.embed_texts([sentence])[0]
    return vector


def _looked_at(model: Embedder, query: ClipInput) -> ClipInput:
    """A file as frames, decoded in a child process that is killed when it hangs."""
    clip = as_clip(query, "The query")
    if not isinstance(clip, (Path, Clip)):
        return clip
    from vlret.media.pool import DecodePool
    from vlret.media.pool.read_in_child import read_in_child  # brings PyAV, which a sentence does not need

    with DecodePool() as pool:
        return read_in_child(pool, clip, model.card.frames, model.card.decode_size)
