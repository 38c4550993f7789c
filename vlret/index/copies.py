"""Where else the footage of a clip is: in files with the same bytes, and in those that were found to be copies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlret.index.clip_columns import ClipColumns

if TYPE_CHECKING:
    from vlret.index.duplicates import JudgedPair, Pair
    from vlret.index.manifest import Manifest
    from vlret.index.store import Store

_LEAST_SHARE = 0.5
"""Share of a clip that lies in the footage that two files have in common, for the clip to be in both."""


@dataclass(frozen=True, slots=True)
class Place:
    """The seconds `[start, end)` of a file; equal for an image."""

    path: str
    start: float
    end: float


def known_pairs(store: Store, manifest: Manifest) -> Mapping[Pair, JudgedPair]:
    """The files of an index that were compared for copies, and what was found."""
    if not manifest.duplicates:
        return {}
    from vlret.index.duplicates import read_pairs  # brings pyarrow

    return read_pairs(store, manifest.duplicates)


class Copies:
    """The copies among the files of one revision of an index; a file is its number in the columns."""

    def __init__(self, columns: ClipColumns, roots: Sequence[str], pairs: Mapping[Pair, JudgedPair]) -> None:
        """`roots` are the folders of the columns' roots."""
        self._columns, self._roots = columns, roots
        self._same = columns.arrays["same_bytes"]
        self._has_same_bytes = not np.array_equal(self._same, np.arange(len(self._same)))
        self._apart = {pair for pair, judged in pairs.items() if judged.verdict == "not_a_copy"}
        self._file_of = columns.files_with({fingerprint for pair in pairs for fingerprint in pair})
        known = (pairs[pair] for pair in sorted(pairs) if self._file_of.keys() >= set(pair))
        self.judged = [judged for judged in known if judged.verdict == "copy"]
        """The pairs of files that are copies, without those of the same bytes; in order of their fingerprints."""
        self._pairs: dict[str, list[JudgedPair]] = defaultdict(list)
        for judged in self.judged:
            self._pairs[judged.a].append(judged)
            self._pairs[judged.b].append(judged)

    def __bool__(self) -> bool:
        return bool(self.judged) or self._has_same_bytes

    def paths_of(self, fingerprint: str) -> list[str]:
        """The files with that fingerprint, which is of one of `judged`."""
        return self._paths(self._like(self._file_of[fingerprint]))

    @property
    def same_bytes(self) -> list[list[int]]:
        """Files with the same bytes, without those that the user set apart."""
        n_files = np.bincount(self._same)
        groups = [self._like(int(first)) for first in np.flatnonzero(n_files > 1)]
        return [files for files in groups if not self._is_apart(files[0])]

    def elsewhere(self, file: int, start: float, end: float) -> list[Place]:
        """The places in other files that show the same seconds as this clip."""
        own = self._columns.fingerprint(file)
        others = [] if self._is_apart(file) else [other for other in self._like(file) if other != file]
        found = [Place(path, start, end) for path in self._paths(others)]
        for judged in self._pairs.get(own, ()):
            found += self._shifted(judged, own, start, end)
        return found

    def _is_apart(self, file: int) -> bool:
        fingerprint = self._columns.fingerprint(file)
        return (fingerprint, fingerprint) in self._apart

    def _like(self, file: int) -> list[int]:
        """The files with the same bytes, this one among them."""
        files: list[int] = np.flatnonzero(self._same == self._same[file]).tolist()
        return files

    def _paths(self, files: Sequence[int]) -> list[str]:
        return self._columns.absolute(files, self._roots)

    def _shifted(self, judged: JudgedPair, own: str, start: float, end: float) -> Iterable[Place]:
        spans = [(judged.start_a, judged.end_a), (judged.start_b, judged.end_b)]
        (first, last), (first_other, last_other) = spans if own == judged.a else spans[::-1]
        if min(end, last) - max(start, first) < _LEAST_SHARE * (end - start):
            return ()
        shift = first_other - first
        other = judged.b if own == judged.a else judged.a
        span = max(start + shift, first_other), min(end + shift, last_other)
        return [Place(path, *span) for path in self.paths_of(other)]
