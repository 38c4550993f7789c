"""Pairs of files that the user says are no copies of each other, whatever they look like."""

from __future__ import annotations

from pathlib import Path

from vlret.errors import IndexFolderError, UsageError
from vlret.index.duplicates import JudgedPair, Pair, pair_of, record_pairs
from vlret.index.indexed_files import indexed_files
from vlret.index.lock import writer_lock
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.text import printable
from vlret.types import as_path


def set_apart(index: str | Path, a: Path, b: Path) -> None:
    """Record in the index that its files at `a` and `b` (absolute) are no copies; they are listed no more.

    The mark belongs to the content of the files: it stays when they are moved, removed or indexed again.

    Raises:
        UsageError: `a` is `b`.
        IndexFolderError: the index does not have one of them, or a writer is at work.
    """
    _record(index, a, b, is_apart=True)


def undo_set_apart(index: str | Path, a: Path, b: Path) -> None:
    """Forget such a mark; the next `find_duplicates` compares the files again.

    Raises:
        UsageError: `a` is `b`, or there is no such mark.
        IndexFolderError: as `set_apart`.
    """
    _record(index, a, b, is_apart=False)


def _record(index: str | Path, a: Path, b: Path, is_apart: bool) -> None:
    store = Store(as_path(index, "The index"))
    store.read_manifest()  # an error where there is no index
    with writer_lock(store.folder):
        snapshot = Snapshot.read(store)
        pair = _pair(snapshot, a, b)
        if is_apart:
            record_pairs(store, snapshot.manifest, [JudgedPair(*pair, "not_a_copy")])
            return
        known = snapshot.pairs.get(pair)
        if known is None or known.verdict != "not_a_copy":
            raise UsageError(
                f"{printable(a)} and {printable(b)} are not marked as different.",
                "Nothing needs to be undone.",
                code="not_set_apart",
                a=a,
                b=b,
            )
        record_pairs(store, snapshot.manifest, [], forget=[pair])


def _pair(snapshot: Snapshot, a: Path, b: Path) -> Pair:
    if a == b:
        raise UsageError(
            f"{printable(a)} was given twice.", "Give two files.", code="same_file_twice", path=a
        )
    found = {file.path: file.fingerprint for file in indexed_files(snapshot)}
    for path in (a, b):
        if path not in found:
            raise IndexFolderError(
                f"The index {printable(snapshot.store.folder)} contains no file {printable(path)}.",
                "Give a path as search results show it.",
                code="not_in_index",
                path=path,
                index=snapshot.store.folder,
            )
    return pair_of(found[a], found[b])
