"""Which files of an index hold the same footage: the table `duplicates`, one row per pair that was compared."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vlret.index.manifest import FileEntry, Manifest
from vlret.index.store import Store, damaged

Verdict = Literal["copy", "different", "not_a_copy"]
Pair = tuple[str, str]
"""Fingerprints of two files in ascending order: they are the same wherever the files are moved."""
DUPLICATES = pa.schema(
    [("a", pa.string()), ("b", pa.string()), ("verdict", pa.string()), ("mirrored", pa.bool_()),
     ("start_a", pa.float64()), ("end_a", pa.float64()), ("start_b", pa.float64()), ("end_b", pa.float64())]
)  # fmt: skip
_FINGERPRINT = "^[0-9a-f]{32}$"
_TIMES = ("start_a", "end_a", "start_b", "end_b")


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """Two files by fingerprint, `a <= b`, and what is known of them.

    `verdict`: "copy" and "different" were found by comparing frames, "not_a_copy" was said by the user. Of copies,
    the seconds `[start_a, end_a)` of one are `[start_b, end_b)` of the other (all 0 for images), `mirrored` or not.
    """

    a: str
    b: str
    verdict: Verdict
    mirrored: bool = False
    start_a: float = 0.0
    end_a: float = 0.0
    start_b: float = 0.0
    end_b: float = 0.0

    @property
    def pair(self) -> Pair:
        """The fingerprints."""
        return self.a, self.b


def pair_of(fingerprint: str, other: str) -> Pair:
    """The two fingerprints in ascending order."""
    return min(fingerprint, other), max(fingerprint, other)


def read_pairs(store: Store, entry: FileEntry | None) -> dict[Pair, JudgedPair]:
    """The pairs of an index's table; none where it has no table.

    Raises:
        FileNotFoundError: a later revision has replaced it.
        IndexFolderError: it is damaged.
    """
    if entry is None:
        return {}
    table = store.read_table(entry, DUPLICATES)
    try:
        _check(table)
    except ValueError as error:
        raise damaged(store.folder, entry.name, str(error)) from error
    return {(row["a"], row["b"]): JudgedPair(**row) for row in table.to_pylist()}


def record_pairs(
    store: Store, manifest: Manifest, pairs: Iterable[JudgedPair], forget: Collection[Pair] = ()
) -> Manifest:
    """Add `pairs` to the table of the index, replace what is known of them, drop `forget`; the new manifest.

    Needs the folder's lock, and the current manifest.
    """
    known = read_pairs(store, manifest.duplicates) | {judged.pair: judged for judged in pairs}
    rows = [asdict(judged) for pair, judged in sorted(known.items()) if pair not in forget]
    table = pa.Table.from_pylist(rows, DUPLICATES)
    entry, _ = store.write_table("duplicates", manifest.revision + 1, table, manifest.id)
    after = manifest.next(duplicates=entry)
    store.replace(manifest, after)
    return after


def _check(table: pa.Table) -> None:
    for name in ("a", "b"):
        _require(pc.match_substring_regex(table[name], _FINGERPRINT), f"{name} is not a fingerprint")
    _require(pc.less_equal(table["a"], table["b"]), "a pair is not in ascending order")
    _require(pc.is_in(table["verdict"], pa.array(get_args(Verdict))), "a verdict is not known")
    for name in _TIMES:
        times = table[name].to_numpy()
        _require(pa.array(np.isfinite(times) & (times >= 0)), f"{name} has times that cannot be")


def _require(good: pa.Array | pa.ChunkedArray, what: str) -> None:
    if not pc.all(pc.fill_null(good, False), min_count=0).as_py():
        raise ValueError(what)
