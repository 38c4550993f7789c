"""Writes an index into a database, so that it can be searched there."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from vlret.errors import DatabaseError, IndexFolderError, VlretError
from vlret.index.backends.database import Database
from vlret.index.backends.databases import open_database
from vlret.index.clip_columns import ClipColumns
from vlret.index.columns_view import columns_content, columns_name, open_columns
from vlret.index.ids import is_in
from vlret.index.manifest import Manifest
from vlret.index.pushed.audit import set_effort
from vlret.index.pushed.header import MANIFEST, NAME, Header, read_header
from vlret.index.pushed.open import read_pushed
from vlret.index.pushed.pieces import is_piece, piece_names, write_pieces
from vlret.index.pushed.rows import PushedColumns, batches, changed_ids, rows_state
from vlret.index.read_whole import read_whole
from vlret.index.store import VIEW, Store
from vlret.index.stored_vectors import StoredVectors
from vlret.index.view.codes import MAX_EXACT
from vlret.text import printable
from vlret.types import Ids, as_path

_AUDIT_AGAIN = 0.1
"""Share of the clips that may change before recall is measured anew."""
_MOST_WINDOW_BYTES = 64 << 20
"""Larger tables of windows stay behind: moments are then decoded again."""


@dataclass(frozen=True, slots=True)
class PushReport:
    """What a push did: clips of the index `index` that were written to and removed from the database at `address`.

    `clips` are in it now; a search finds `recall_at_10` of the ten nearest, as measured, or is exact.
    """

    index: str
    address: str
    written: int
    removed: int
    clips: int
    is_exact: bool
    recall_at_10: float

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return asdict(self)


def push(index: str | Path, to: str, progress: bool = True) -> PushReport:
    """Write an index into a table of a database, or what it lacks of it; whoever searches there sees a whole index.

    Stopped at any moment, the same call goes on. Rows are written first, then the small files of the new revision,
    then rows are removed that it does not have.

    Args:
        index: its folder.
        to: `lancedb:DIR`, `qdrant:URL`, `postgresql://USER@HOST/NAME`, ...: see `open_database`. The table is made.
        progress: show bars on stderr when that is a terminal.

    Raises:
        UsageError: `to` is no address.
        IndexFolderError: there is no index, it is damaged, or too old to be told from others.
        DatabaseError: the database cannot be reached or refuses, or the table holds something else.
    """
    store = Store(as_path(index, "The index"))
    store, manifest, columns = read_whole(store, lambda manifest: _read(store, manifest))
    if store.read_manifest().id != manifest.id:  # one is drawn for each reading
        raise IndexFolderError(
            f"The index {printable(store.folder)} was made by an old vlret, and has no lasting id yet.",
            "Compact it once, which gives it one.", code="index_without_id", path=store.folder,
        )  # fmt: skip
    database = open_database(to, manifest.recipe.card.dim)
    try:
        return _Push(store, manifest, columns, database, progress).run()
    finally:
        database.close()


def _read(store: Store, manifest: Manifest) -> tuple[Store, Manifest, ClipColumns]:
    """One revision, with its small tables in memory: a writer may replace them while rows are pushed."""
    if sum(entry.bytes for entry in manifest.windows or ()) > _MOST_WINDOW_BYTES:
        manifest = replace(manifest, windows=None)
    tables = [manifest.skipped, manifest.annotations, manifest.duplicates, *(manifest.windows or ())]
    return store.holding(tables), manifest, open_columns(store, manifest)


@dataclass(slots=True)
class _Push:
    store: Store
    manifest: Manifest
    columns: ClipColumns
    database: Database
    progress: bool

    def run(self) -> PushReport:
        before = self._header()
        there = self.database.ids()
        pushed = PushedColumns(self.columns, self.manifest.roots)
        wanted = self._wanted(before, there, pushed)
        gone = there[~is_in(there, self.columns.clip_ids)]
        files = self._files()
        n_changed = len(wanted) + len(gone)
        if n_changed or not before.is_finished or before.writing:
            before = replace(before, n_changed=before.n_changed + n_changed)  # kept if this push is stopped
            is_rewriting = bool(is_in(wanted, there).any())
            self._save(replace(before, writing=rows_state(self.manifest), rewriting=is_rewriting))
            self._write(pushed, wanted)
            self.database.optimize(len(self.columns) > MAX_EXACT)
            before = self._measured(before)
        self._finish(before, files)
        self.database.remove(gone)
        return PushReport(
            str(self.store.folder), self.database.address, len(wanted), len(gone), len(self.columns),
            before.effort == 0, before.recall_at_10,
        )  # fmt: skip

    def _header(self) -> Header:
        """What the table says of itself; a table of another index is refused."""
        header = read_header(self.database)
        if header is None and not self.database.info().n_vectors:
            return Header(self.manifest.id)
        if header is None or header.id != self.manifest.id:
            what = "another index" if header else "rows that vlret push did not write"
            raise DatabaseError(
                f"{printable(self.database.address)} holds {what}.",
                "Give this index a table of its own: write #NAME at the end of the address.",
                code="other_index_pushed", address=self.database.address,
            )  # fmt: skip
        return header

    def _wanted(self, before: Header, there: Ids, pushed: PushedColumns) -> Ids:
        """The clips whose rows are not there, or are out of date, ascending."""
        ids = self.columns.clip_ids
        is_good = is_in(ids, there)
        known = self._known(before)
        if known is not None:
            both = ids[is_in(ids, known.columns.clip_ids)]
            old = PushedColumns(known.columns, known.manifest.roots)
            is_same = known.manifest.recipe == self.manifest.recipe  # else a backup, indexed by another model
            is_good &= ~is_in(ids, changed_ids(old, pushed, both) if is_same else both)
        if before.writing != rows_state(
            self.manifest
        ):  # rows of a push that was stopped, of another revision
            is_good &= is_in(ids, known.columns.clip_ids) if known and not before.rewriting else False
        return ids[~is_good]

    def _known(self, before: Header) -> Any:
        """The revision that was pushed last; None where there is none, or it is damaged."""
        try:
            return read_pushed(self.database, before) if before.is_finished else None
        except (VlretError, LookupError):
            return None

    def _write(self, pushed: PushedColumns, wanted: Ids) -> None:
        live = StoredVectors(self.store, self.manifest, self.columns)
        with self._bar("push", len(wanted)) as bar:
            for rows in batches(live, pushed, wanted):
                self.database.write(rows)
                bar.update(len(rows))

    def _measured(self, before: Header) -> Header:
        """The header with the effort that searches need now."""
        n_clips = len(self.columns)
        if n_clips <= MAX_EXACT:
            return replace(before, effort=0, recall_at_10=1.0, n_changed=0)
        if before.effort and before.n_changed <= _AUDIT_AGAIN * n_clips:
            return before
        set_effort(self.database, self.columns.clip_ids, self.progress)
        return replace(
            before, effort=self.database.effort, recall_at_10=self.database.recall_at_10, n_changed=0
        )

    def _files(self) -> dict[str, bytes]:
        """The small files of the revision, by name."""
        return {
            **self.store.held,
            f"{VIEW}/{columns_name(self.manifest)}": columns_content(self.columns, self.manifest),
            MANIFEST: self.manifest.to_json().encode(),
        }

    def _finish(self, header: Header, files: dict[str, bytes]) -> None:
        """Make this revision the one that readers see, then remove the pieces of the last one."""
        pushed = write_pieces(self.database, files)
        now = replace(header, revision=self.manifest.revision, files=pushed, writing="", rewriting=False)
        if now != read_header(self.database):
            self._save(now)
        kept = {name for file in pushed for name in piece_names(file)}
        self.database.remove_files({*filter(is_piece, self.database.file_names())} - kept)

    def _save(self, header: Header) -> None:
        self.database.write_files({NAME: header.to_bytes()})

    def _bar(self, what: str, total: int) -> tqdm[Any]:
        hidden = None if self.progress else True
        return tqdm(desc=what, total=total, unit="clip", unit_scale=True, delay=1, disable=hidden)
