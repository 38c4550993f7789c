"""A query, with what is added to it and subtracted from it, as one vector."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from vlret.errors import UsageError
from vlret.models.base import Embedder
from vlret.models.inputs import ClipInput, as_clip, check_text, ordered
from vlret.tasks.query import file_of
from vlret.types import Clip, Frames, QueryVector, Vectors
from vlret.vectors import unit_vector

DEFAULT_WEIGHT = 0.5
"""Weight of a `plus` or `minus` against the query's 1."""

Query = ClipInput | QueryVector
"""A sentence, an image or video, or a vector."""

Weighted = Query | tuple[Query, float]
Read = Callable[[Path | Clip], Frames]
"""Decodes a file or a clip of it: as many frames as the model takes."""


def query_vector(
    model: Embedder,
    read: Read,
    query: Query,
    plus: Sequence[Weighted] = (),
    minus: Sequence[Weighted] = (),
) -> Vectors:
    """The unit vector float32 [dim] of `query` + weight x each of `plus` - weight x each of `minus`.

    Args:
        read: decodes the queries that are files.

    Raises:
        UsageError: an empty query, a weight that is not above 0, or queries that cancel out.
        MediaError: a file cannot be read.
    """
    weighted = [(1, *_weighted(item)) for item in ordered(plus, "plus queries")]
    weighted += [(-1, *_weighted(item)) for item in ordered(minus, "minus queries")]
    total: Vectors = _embed(model, read, query).copy()
    for sign, part, weight in weighted:
        total += np.float32(sign * weight) * _embed(model, read, part)
    if np.linalg.norm(total) < 1e-6:
        raise UsageError(
            "The query and what is subtracted from it cancel out.",
            "Use a smaller weight.",
            code="query_cancels_out",
        )
    return unit_vector(total)


def parse_weighted(text: str) -> Weighted:
    """`red car` as it is, `red car^0.8` as ("red car", 0.8).

    Raises:
        UsageError: what follows the last `^` is not a number.
    """
    words, mark, weight = text.rpartition("^")
    try:
        return (words, float(weight)) if mark else text
    except ValueError as error:
        raise UsageError(
            f"{text!r} has {weight!r} as its weight.",
            "Write a number after ^, such as 'snow^0.3'.",
            code="bad_weight",
            given=weight,
        ) from error


def _weighted(item: Any) -> tuple[Query, float]:
    part, weight = item if isinstance(item, tuple) and len(item) == 2 else (item, DEFAULT_WEIGHT)
    if not isinstance(weight, Real) or not 0 < float(weight) < math.inf:
        raise UsageError(
            f"The weight of {part!r} was given as {weight!r}.",
            "Give a number above 0.",
            code="bad_weight",
            given=weight,
        )
    if isinstance(part, str) and isinstance(parse_weighted(part), tuple):
        raise UsageError(
            f"A query was given as {part!r}.",
            f"In Python write {parse_weighted(part)!r}.",
            code="weight_in_text",
            given=part,
        )
    return part, float(weight)


def sentences_of(query: Query, plus: Sequence[Weighted] = (), minus: Sequence[Weighted] = ()) -> list[str]:
    """Those of the queries that are sentences, and not files or frames."""
    parts = [query, *(_weighted(item)[0] for item in (*plus, *minus))]
    return [part for part in parts if isinstance(part, str) and file_of(part) is None]


def _embed(model: Embedder, read: Read, query: Query) -> Vectors:
    if isinstance(query, QueryVector):
        return query.vector
    if isinstance(query, str):
        if not query.strip():
            raise UsageError(
                "The query, or what is added to or subtracted from it, is empty.",
                "Give a sentence, or the path of an image or video.",
                code="empty_query",
            )
        file = file_of(query)
        if file is None:
            check_text(query, "The query")
            sentence: Vectors = model.embed_texts([query])[0]
            return sentence
        query = file
    clip = as_clip(query, "The query")
    frames = read(clip) if isinstance(clip, (Path, Clip)) else clip
    vector: Vectors = model.embed_clips([frames])[0]
    return vector
