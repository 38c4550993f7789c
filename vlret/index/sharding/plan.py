"""The plan of an index that many workers encode: its recipe, and which files or parts of them each shard holds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from vlret.index.encode_shard import FilePart, ShardSpec
from vlret.index.manifest import IndexRecipe
from vlret.remote_path import path_of


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """A file by its root's number and its path below it: those of its clips that start in `[start, end)` seconds.

    `end=None` is the end of the file.
    """

    root: int
    path: str
    start: float = 0.0
    end: float | None = None


@dataclass(frozen=True, slots=True)
class PlannedSkip:
    """A file that is not encoded, by its absolute path, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """What an index will hold, and who encodes what.

    `recipe` decides the vectors. The parts of all `shards`, one after the other, are the files in order of their
    paths; each file is there once, or cut into parts that follow each other. `roots` are the absolute directories
    that paths are relative to; `skipped` and `exclude` are what the index will say of files that it leaves out.
    `seconds` tells about how much video each shard has; of `unknown` files, by absolute path, the header says nothing.
    """

    recipe: IndexRecipe
    roots: tuple[str, ...]
    shards: tuple[tuple[PlannedPart, ...], ...]
    seconds: tuple[float, ...]
    skipped: tuple[PlannedSkip, ...] = ()
    exclude: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError where a file is not there whole and once: the index would lose or double clips."""
        seen: set[tuple[int, str]] = set()
        for place, parts in self.files():
            if place in seen or not _follow([part for _, part in parts]):
                raise ValueError(f"the parts of {place[1][:80]!r} are not the file, whole and once")
            seen.add(place)

    def name(self, number: int) -> str:
        """The name of a shard, numbered from 0: that of its files."""
        return f"shard-{number:05d}-of-{len(self.shards):05d}"

    def spec(self, number: int) -> ShardSpec:
        """What a worker encodes for a shard, numbered from 0."""
        parts = tuple(
            FilePart(self.absolute(part), part.start, math.inf if part.end is None else part.end)
            for part in self.shards[number]
        )
        return ShardSpec(self.name(number), parts, self.recipe)

    def absolute(self, part: PlannedPart) -> Path:
        """The absolute path of a part's file."""
        return path_of(self.roots[part.root]) / part.path

    def files(self) -> Iterator[tuple[tuple[int, str], list[tuple[int, PlannedPart]]]]:
        """Each file as (root, path), with its parts and the number of the shard that each is in."""
        parts = ((number, part) for number, shard in enumerate(self.shards) for part in shard)
        for place, group in groupby(parts, key=lambda item: (item[1].root, item[1].path)):
            yield place, list(group)


def _follow(parts: list[PlannedPart]) -> bool:
    """Whether parts of a file begin at its beginning, follow each other and reach its end."""
    starts, ends = [*(part.start for part in parts), None], [0.0, *(part.end for part in parts)]
    return starts == ends and all(part.end is None or part.start < part.end for part in parts)
