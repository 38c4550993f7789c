"""Finds the files of an index that hold the same footage, and records what was found in the index."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from vlret.index.duplicates import JudgedPair, Pair, pair_of, record_pairs
from vlret.index.index import Index
from vlret.index.indexed_files import IndexedFile, indexed_files
from vlret.index.lock import writer_lock
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.media.pool import DecodePool
from vlret.tasks.duplicates.candidates import Candidate, candidates
from vlret.tasks.duplicates.compare import Match, compare
from vlret.tasks.duplicates.groups import Duplicates, connected, duplicates_of
from vlret.tasks.duplicates.signature import Signature, signatures
from vlret.types import as_path

_RECORD_S = 60.0


def find_duplicates(index: str | Path, progress: bool = True) -> Duplicates:
    """Return the files of the index in that folder that hold the same footage.

    The vectors propose pairs of files; the files are decoded to decide (`vlret.tasks.duplicates.compare`), so they
    must be there. Each pair is compared once: what was found is recorded in the index, every minute and when the run
    is stopped, and `vlret.search` folds such files into one hit. Sound is not compared.

    Args:
        progress: show a bar on stderr when that is a terminal.

    Raises:
        IndexFolderError: there is no index, or a writer is at work.
        OutputError: the folder cannot be written.
    """
    store = Store(as_path(index, "The index"))
    snapshot = Snapshot.read(store)
    files = list({file.fingerprint: file for file in indexed_files(snapshot)}.values())
    todo = [
        item
        for item in _candidates(Index.open(store.folder), files)
        if _pair(files, item) not in snapshot.pairs
    ]
    if todo:
        with writer_lock(store.folder):
            _compare_all(store, files, todo, progress)
        snapshot = Snapshot.read(store)
    return duplicates_of(snapshot)


def _candidates(index: Index, files: Sequence[IndexedFile]) -> list[Candidate]:
    number = {clip_id: n for n, file in enumerate(files) for clip_id in file.ids}
    rows = index.rows()
    numbers = rows["clip_id"].map(number)
    kept = numbers.notna().to_numpy()  # all but further files of the same bytes
    return candidates(rows[kept], np.asarray(numbers[kept], np.int64), index.vectors()[kept])


def _pair(files: Sequence[IndexedFile], item: Candidate) -> Pair:
    return pair_of(files[item.a].fingerprint, files[item.b].fingerprint)


def _compare_all(store: Store, files: Sequence[IndexedFile], todo: list[Candidate], progress: bool) -> None:
    """Compare the candidates and record what was found, also when stopped."""
    judged: list[JudgedPair] = []
    recorded_s = time.monotonic()
    try:
        for pair in _judged(files, todo, progress):
            judged.append(pair)
            if time.monotonic() - recorded_s >= _RECORD_S:
                record_pairs(store, store.read_manifest(), judged)
                judged, recorded_s = [], time.monotonic()
    finally:
        if judged:
            record_pairs(store, store.read_manifest(), judged)


def _judged(files: Sequence[IndexedFile], todo: list[Candidate], progress: bool) -> Iterator[JudgedPair]:
    """Yield each pair whose files can be read; a file is decoded once, and kept while its candidates are compared."""
    groups = connected([(item.a, item.b) for item in todo])
    number = {file: n for n, group in enumerate(groups) for file in group}
    n_files = sum(map(len, groups))
    with DecodePool() as pool, tqdm(total=n_files, unit="file", disable=None if progress else True) as bar:
        for n, group in enumerate(groups):
            found: dict[Path, Signature | None] = {}
            for path, signature in signatures((files[file].path for file in group), pool):
                found[path] = signature
                bar.update()
            for item in todo:
                if number[item.a] == n:
                    yield from _compared(files[item.a], files[item.b], item, found)


def _compared(
    a: IndexedFile, b: IndexedFile, item: Candidate, found: dict[Path, Signature | None]
) -> Iterator[JudgedPair]:
    first, second = found[a.path], found[b.path]
    if first is not None and second is not None:
        yield _verdict(a.fingerprint, b.fingerprint, compare(first, second, item.shifts))


def _verdict(a: str, b: str, match: Match | None) -> JudgedPair:
    if match is None:
        return JudgedPair(*pair_of(a, b), "different")
    spans = (match.start_a, match.end_a), (match.start_b, match.end_b)
    first, second = spans if a <= b else spans[::-1]
    return JudgedPair(*pair_of(a, b), "copy", match.mirrored, *first, *second)
