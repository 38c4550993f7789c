"""Groups of files that hold the same footage, as they are listed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from vlret.index.clip_columns import ClipColumns
from vlret.index.columns_view import open_columns
from vlret.index.copies import Copies, Place
from vlret.index.duplicates import JudgedPair
from vlret.index.snapshot import Snapshot

T = TypeVar("T", str, int)


@dataclass(frozen=True, slots=True)
class SameFootage:
    """The seconds of `a` are those of `b`, `mirrored` or not; `same_bytes`: the files are equal."""

    a: Place
    b: Place
    mirrored: bool = False
    same_bytes: bool = False


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Files that hold the same footage, by path, and which seconds of them."""

    files: tuple[str, ...]
    pairs: tuple[SameFootage, ...]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The files of the index in `index` that hold the same footage."""

    index: str
    groups: tuple[DuplicateGroup, ...]

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return asdict(self)


def duplicates_of(snapshot: Snapshot) -> Duplicates:
    """Return what is known of the files of an index."""
    manifest = snapshot.manifest
    columns = open_columns(snapshot.store, manifest)
    copies = Copies(columns, manifest.roots, snapshot.pairs)
    same = ([_whole(columns, file, manifest.roots) for file in files] for files in copies.same_bytes)
    pairs = [*_same_bytes(same), *(_same_footage(judged, copies) for judged in copies.judged)]
    groups = connected([(pair.a.path, pair.b.path) for pair in pairs])
    found = [
        DuplicateGroup(tuple(group), tuple(pair for pair in pairs if pair.a.path in set(group)))
        for group in groups
    ]
    return Duplicates(str(snapshot.store.folder), tuple(found))


def _whole(columns: ClipColumns, file: int, roots: Sequence[str]) -> Place:
    return Place(columns.absolute([file], roots)[0], 0.0, float(columns.ends[columns.clips_of(file)].max()))


def _same_bytes(groups: Iterable[list[Place]]) -> Iterable[SameFootage]:
    for group in groups:
        first, *others = sorted(group, key=lambda place: place.path)
        yield from (SameFootage(first, other, same_bytes=True) for other in others)


def _same_footage(judged: JudgedPair, copies: Copies) -> SameFootage:
    """The first of several files with the same bytes stands for them."""
    a = Place(min(copies.paths_of(judged.a)), judged.start_a, judged.end_a)
    b = Place(min(copies.paths_of(judged.b)), judged.start_b, judged.end_b)
    return SameFootage(a, b, judged.mirrored) if a.path < b.path else SameFootage(b, a, judged.mirrored)


def connected(pairs: Sequence[tuple[T, T]]) -> list[list[T]]:
    """Return the groups that pairs join, each in order, in the order of their first members."""
    group: dict[T, list[T]] = {}
    for a, b in pairs:
        one, other = group.setdefault(a, [a]), group.setdefault(b, [b])
        if one is not other:
            one += other
            group |= dict.fromkeys(other, one)
    return sorted(
        sorted(members) for members in {id(members): members for members in group.values()}.values()
    )
