"""Files in a row cut into shards of about equal cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np

FILE_S = 1.0
"""What opening a file costs, and all of an image, in seconds of video."""
SLACK = 0.05
"""A shard may differ by so much of the mean at each of its ends before a file is cut for it."""

Span: TypeAlias = tuple[int, float, float | None]
"""The number of a file, and from which second up to which one it is meant; None: up to its end."""
_Place: TypeAlias = tuple[int, float]


@dataclass(frozen=True, slots=True)
class Weight:
    """A file of `length_s` seconds; it may be cut at each multiple of `step_s` below `n_steps * step_s`."""

    length_s: float
    step_s: float = 0.0
    n_steps: int = 1


def total_cost(files: Sequence[Weight]) -> float:
    """What all files cost, in seconds of video."""
    return sum(FILE_S + file.length_s for file in files)


def balanced(files: Sequence[Weight], n_shards: int) -> list[list[Span]]:
    """The files in up to `n_shards` shards, in their order; a file is cut only where its own ends are far away.

    A shard costs at most the mean, and at each of its ends half of the longest step or of the longest file that cannot
    be cut, or `SLACK` of the mean, if that is more. None is empty.
    """
    if not files:
        return []
    ends = np.cumsum([FILE_S + file.length_s for file in files])
    total = total_cost(files)
    wanted = [total * number / n_shards for number in range(1, n_shards)]
    places = {_place(files, ends, cost, SLACK * total / n_shards) for cost in wanted}
    places |= {(0, 0.0), (len(files), 0.0)}
    return [_spans(*bounds) for bounds in pairwise(sorted(places))]


def seconds_of(shard: Sequence[Span], files: Sequence[Weight]) -> float:
    """How much video a shard holds."""
    return sum((files[number].length_s if end is None else end) - start for number, start, end in shard)


def _place(files: Sequence[Weight], ends: np.ndarray, wanted: float, slack: float) -> _Place:
    """Where to end a shard that shall cost `wanted` together with those before it."""
    number = min(int(np.searchsorted(ends, wanted)), len(files) - 1)
    file, before = files[number], float(ends[number - 1]) if number else 0.0
    start, end = (number, 0.0), (number + 1, 0.0)
    to_start, to_end = wanted - before, float(ends[number]) - wanted
    if file.n_steps == 1 or min(to_start, to_end) <= slack:
        return start if to_start <= to_end else end
    step = max(0, round((to_start - FILE_S) / file.step_s))
    return (number, step * file.step_s) if step < file.n_steps else end


def _spans(start: _Place, end: _Place) -> list[Span]:
    (first, first_s), (last, last_s) = start, end
    numbers = range(first, last + (last_s > 0))
    return [(n, first_s if n == first else 0.0, last_s if n == last else None) for n in numbers]
