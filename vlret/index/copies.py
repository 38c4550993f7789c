"""Where else the footage of a clip is: in files with the same bytes, and in those that were found to be copies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from vlret.index.duplicates import JudgedPair, Pair

_LEAST_SHARE = 0.5
"""Share of a clip that lies in the footage that two files have in common, for the clip to be in both."""


@dataclass(frozen=True, slots=True)
class Place:
    """The seconds `[start, end)` of a file; equal for an image."""

    path: str
    start: float
    end: float


class Copies:
    """The copies among the files of one revision of an index."""

    def __init__(self, clips: pd.DataFrame, pairs: dict[Pair, JudgedPair]) -> None:
        """`clips` has the columns path and fingerprint."""
        files = clips[["path", "fingerprint"]].drop_duplicates()
        self._fingerprints: dict[str, str] = dict(zip(files["path"], files["fingerprint"], strict=True))
        self._paths: dict[str, list[str]] = defaultdict(list)
        for path, fingerprint in self._fingerprints.items():
            self._paths[fingerprint].append(path)
        self._apart = {pair for pair, judged in pairs.items() if judged.verdict == "not_a_copy"}
        known = (pairs[pair] for pair in sorted(pairs) if self._paths.keys() >= set(pair))
        self.judged = [judged for judged in known if judged.verdict == "copy"]
        """The pairs of files that are copies, without those of the same bytes; in order of their fingerprints."""
        self._pairs: dict[str, list[JudgedPair]] = defaultdict(list)
        for judged in self.judged:
            self._pairs[judged.a].append(judged)
            self._pairs[judged.b].append(judged)

    def __bool__(self) -> bool:
        return bool(self.judged) or len(self._paths) < len(self._fingerprints)

    def paths_of(self, fingerprint: str) -> list[str]:
        """The files with that fingerprint."""
        return self._paths[fingerprint]

    @property
    def same_bytes(self) -> list[list[str]]:
        """The paths of files with the same bytes, without those that the user set apart."""
        return [
            paths
            for fingerprint, paths in self._paths.items()
            if len(paths) > 1 and (fingerprint, fingerprint) not in self._apart
        ]

    def elsewhere(self, path: str, start: float, end: float) -> list[Place]:
        """The places in other files that show the same seconds as this clip."""
        own = self._fingerprints[path]
        same = [] if (own, own) in self._apart else self._paths[own]
        found = [Place(other, start, end) for other in same if other != path]
        for judged in self._pairs.get(own, ()):
            found += self._shifted(judged, own, start, end)
        return found

    def _shifted(self, judged: JudgedPair, own: str, start: float, end: float) -> Iterable[Place]:
        spans = [(judged.start_a, judged.end_a), (judged.start_b, judged.end_b)]
        (first, last), (first_other, last_other) = spans if own == judged.a else spans[::-1]
        if min(end, last) - max(start, first) < _LEAST_SHARE * (end - start):
            return ()
        shift = first_other - first
        other = judged.b if own == judged.a else judged.a
        span = max(start + shift, first_other), min(end + shift, last_other)
        return [Place(path, *span) for path in self._paths[other]]
