"""Embeds the windows of files that an index has clips of, so that moments need no decoding."""

from __future__ import annotations

import time
from collections.abc import Container
from contextlib import closing
from pathlib import Path

import pyarrow as pa
from tqdm import tqdm

from vlret.index.encode import BatchEncoded
from vlret.index.fingerprint import file_state
from vlret.index.indexed_files import IndexedFile, indexed_files
from vlret.index.manifest import Manifest
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.stored_windows import StoredWindows, window_table
from vlret.index.windows import encode_windows, window_job, windows_of
from vlret.index.writer import COMMIT_S, SHARD_CLIPS
from vlret.media.pool import DecodePool, FileFailed
from vlret.models.base import Embedder
from vlret.remote_path import RemotePath
from vlret.types import SkippedFile


def videos_without_windows(snapshot: Snapshot, found: Container[Path]) -> list[IndexedFile]:
    """The videos of which an index stores no windows; of several with one content the first.

    Nobody is asked about those at addresses, unless they are among the files `found` by this run.
    """
    stored = StoredWindows(snapshot.store, snapshot.manifest).entries
    videos = snapshot.rows[snapshot.rows["end"] > snapshot.rows["start"]]
    missing = set(videos["fingerprint"]) - stored.keys()
    files = [file for file in indexed_files(snapshot) if file.fingerprint in missing]
    asked = [file for file in files if file.path in found or not isinstance(file.path, RemotePath)]
    firsts = {file.fingerprint: file for file in reversed(asked)}
    return [file for file in firsts.values() if _is_as_indexed(file)]


def _is_as_indexed(file: IndexedFile) -> bool:
    try:
        return file.is_unchanged(file.path, *file_state(file.path))
    except OSError:  # gone, or out of reach: a later run may find it
        return False


def store_windows(
    snapshot: Snapshot,
    files: list[IndexedFile],
    embedder: Embedder,
    pool: DecodePool,
    workers: int,
    progress: bool,
) -> list[SkippedFile]:
    """Store the windows of `files` (`videos_without_windows`); those that cannot be read, and why.

    Needs the folder's lock. What is whole is committed like clips; after a kill the next run goes on.
    """
    writer = _Writer(snapshot.store, snapshot.manifest)
    jobs = {window_job(file.path, embedder): file for file in files}
    failed: list[SkippedFile] = []
    try:
        with (
            closing(encode_windows(jobs, embedder, pool, workers)) as events,
            tqdm(desc="moments", total=len(jobs), unit="file", disable=None if progress else True) as bar,
        ):
            for event in events:
                if isinstance(event, BatchEncoded):
                    continue
                bar.update()
                if isinstance(event, FileFailed):
                    failed.append(SkippedFile(event.job.path, f"no windows: {event.reason}"))
                elif _is_as_indexed(jobs[event.job]):
                    writer.add(window_table(jobs[event.job].fingerprint, windows_of(event)))
    finally:
        writer.commit()
    return failed


class _Writer:
    """Tables of windows in hand, and the manifest to which the next commit adds them."""

    def __init__(self, store: Store, manifest: Manifest) -> None:
        self._store, self._manifest = store, manifest
        self._tables: list[pa.Table] = []
        self._last_commit_s = time.monotonic()

    def add(self, table: pa.Table) -> None:
        """Add the windows of a whole file, and commit when the table in hand is full or old enough."""
        self._tables.append(table)
        n_rows = sum(table.num_rows for table in self._tables)
        if n_rows >= SHARD_CLIPS or time.monotonic() - self._last_commit_s >= COMMIT_S:
            self.commit()

    def commit(self) -> None:
        """Make what was added part of the index."""
        if self._tables:
            before = self._manifest
            table = pa.concat_tables(self._tables)
            entry, number = self._store.write_table("windows", before.next_shard, table, before.id)
            self._manifest = before.next(windows=(*(before.windows or ()), entry), next_shard=number)
            self._store.commit(self._manifest)
            self._tables = []
        self._last_commit_s = time.monotonic()
