"""Opens an index that was pushed into a database: the clips' columns from a local copy, their vectors from there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vlret.errors import DatabaseError, IndexFolderError
from vlret.index.backends.base import BackendInfo, Scores
from vlret.index.backends.database import Database
from vlret.index.backends.databases import open_database
from vlret.index.clip_columns import ClipColumns
from vlret.index.columns_view import load_columns
from vlret.index.ids import is_in
from vlret.index.manifest import Manifest
from vlret.index.pushed.header import Header, damaged, read_header
from vlret.index.pushed.local_copy import local_copy
from vlret.index.store import Store
from vlret.text import printable
from vlret.types import Ids, Vectors

_TRIES = 20


@dataclass(frozen=True, slots=True)
class PushedIndex:
    """One revision of an index in a database: `store` is the local copy, which has no shards."""

    database: Database
    header: Header
    store: Store
    manifest: Manifest
    columns: ClipColumns

    @property
    def backend(self) -> KnownClips:
        """What finds the nearest vectors."""
        return KnownClips(self.database, self.columns.clip_ids)

    @property
    def vectors(self) -> PushedVectors:
        """The vectors of the clips."""
        return PushedVectors(self.database, self.columns.clip_ids)

    def info(self) -> dict[str, Any]:
        """How the database is searched, as plain JSON values."""
        return asdict(self.database.info())

    def is_current(self) -> bool:
        """Whether the database still holds this revision."""
        header = read_header(self.database)
        return header is not None and header.content == self.header.content


def open_pushed(address: str) -> PushedIndex:
    """The index at an address.

    Raises:
        UsageError: it is no address.
        MissingExtraError: the package of the database is not installed.
        DatabaseError: it cannot be reached, holds no whole index, or a damaged one.
    """
    database = open_database(address)
    header = read_header(database)
    if header is None or not header.is_finished:
        raise DatabaseError(
            f"{printable(database.address)} holds no index{' yet: its push was stopped' if header else ''}.",
            "Push one there, to its end.", code="push_unfinished" if header else "no_pushed_index",
            address=database.address,
        )  # fmt: skip
    return _whole(database, header)


def read_pushed(database: Database, header: Header) -> PushedIndex:
    """The index whose header this is; `database` searches with its effort from now on.

    Raises:
        LookupError: a later push has replaced its files.
        DatabaseError: it is damaged.
        IndexFolderError: its manifest is of a newer vlret, or its copy cannot be read.
    """
    database.effort, database.recall_at_10 = header.effort, header.recall_at_10
    for again in (False, True):  # the copy may be damaged, not the database
        found = _from_copy(database, header, again)
        if found:
            return found
    raise damaged(database.address, "its files do not belong together")


def _from_copy(database: Database, header: Header, again: bool) -> PushedIndex | None:
    """The index by the copy of its files, made `again` or not; None where they do not belong together."""
    store = Store(local_copy(database, header, again))
    try:
        manifest = store.read_manifest()
    except IndexFolderError:
        if again:
            raise
        return None
    columns = load_columns(store.folder, manifest)
    if columns is None or manifest.id != header.id or manifest.recipe.card.dim != database.dim:
        return None
    return PushedIndex(database, header, store, manifest, columns)


def _whole(database: Database, header: Header) -> PushedIndex:
    for _ in range(_TRIES):
        try:
            return read_pushed(database, header)
        except LookupError as error:
            before, header = header, read_header(database) or header
            if header == before:
                raise damaged(database.address, f"{error} is missing") from error
    raise DatabaseError(
        f"The index in {printable(database.address)} changes faster than it can be read.", "Try again.",
        code="index_changing", address=database.address,
    )  # fmt: skip


class KnownClips:
    """A database as the search back end of one revision: clips that this does not know are left out."""

    def __init__(self, database: Database, clip_ids: Ids) -> None:
        self._database, self._clip_ids = database, clip_ids

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add clips."""
        self._database.add(ids, vectors)

    def remove(self, ids: Ids) -> None:
        """Remove clips."""
        self._database.remove(ids)

    def search(
        self, query: Vectors, k: int, only: Ids | None = None, exact: bool = False
    ) -> tuple[Scores, Ids]:
        """Cosines and clip_ids of the nearest clips; see `SearchBackend`."""
        fetch = k
        while True:
            scores, ids = self._database.search(query, fetch, only, exact)
            known = is_in(ids, self._clip_ids)
            if known.all() or known.sum() >= k or len(ids) < fetch:
                return scores[known][:k], ids[known][:k]
            fetch *= 2

    def info(self) -> BackendInfo:
        """How it searches, and how many vectors it holds."""
        return self._database.info()


class PushedVectors:
    """The vectors of the clips of one revision, from the database; methods as those of `StoredVectors`."""

    def __init__(self, database: Database, clip_ids: Ids) -> None:
        self._database, self._clip_ids = database, clip_ids

    def all(self) -> Vectors:
        """All of them, float32 [n, dim], in order of clip_id."""
        return self.of(self._clip_ids)

    def of(self, clip_ids: Ids) -> Vectors:
        """Those of some clips, int64 [m], in their order: float32 [m, dim]."""
        return np.ascontiguousarray(self._database.vectors(clip_ids))
