"""An index opened for reading: its rows, its vectors, search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vlret.index.backends.address import is_database, require_no_address
from vlret.index.backends.base import SearchBackend
from vlret.index.clip_columns import ClipColumns
from vlret.index.clip_place import clip_place
from vlret.index.columns_view import open_columns
from vlret.index.copies import Copies, known_pairs
from vlret.index.filter import Filter, ids_of
from vlret.index.lock import writer_lock
from vlret.index.manifest import IndexRecipe, Manifest
from vlret.index.queries import unit_queries
from vlret.index.ranking import best_clips
from vlret.index.read_whole import read_whole
from vlret.index.roots import with_root
from vlret.index.store import Store
from vlret.models.base import ModelCard
from vlret.threads import one_thread
from vlret.types import Clip, Hit, Ids, SkippedFile, Vectors, as_path, check_count

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from vlret.index.compact import CompactReport
    from vlret.index.duplicates import JudgedPair, Pair
    from vlret.index.pushed.open import PushedIndex, PushedVectors
    from vlret.index.resolve_filter import FilterColumns
    from vlret.index.stored_vectors import StoredVectors
    from vlret.index.stored_windows import StoredWindows
    from vlret.index.windows import Windows


class Index:
    """One revision of an index; what a writer does later is seen by opening it again.

    Opened are the manifest and the columns of the clips; vectors are read when they are asked for.

    Attributes:
        manifest: that of the revision that was opened.
        columns: the clips and their files as arrays; `file_paths` are where the files are.
    """

    def __init__(
        self, store: Store, manifest: Manifest, columns: ClipColumns, backend: SearchBackend | None = None,
        pairs: Mapping[Pair, JudgedPair] | None = None, pushed: PushedIndex | None = None,
    ) -> None:  # fmt: skip
        """`columns` and `backend` hold the live clips; backend None: FAISS, opened on first use.
        `pairs` are those files that were compared for copies; `pushed` is the database that holds the vectors.
        """
        self._store, self.manifest, self.columns = store, manifest, columns
        self._given_backend, self._pushed, self._pairs = backend, pushed, pairs or {}
        self._state: tuple[int, int, int] | None = None

    @classmethod
    def open(cls, folder: str | Path, roots: Mapping[str | Path, str | Path] | None = None) -> Index:
        """Open the index in `folder`, or in the database at an address (`vlret.push`).

        Args:
            roots: where folders of media files are now: {old: new}, for this reading only; `move_root`
                records it.

        Raises:
            UsageError: `folder` is not a path.
            DatabaseError: the database cannot be reached, or holds no index.
            IndexFolderError: the folder holds no index, a damaged one, or one of a newer vlret, or no such
                root.
        """
        index = cls._in_database(str(folder)) if is_database(folder) else cls._in_folder(folder)
        for old, new in (roots or {}).items():
            index.manifest = with_root(index.folder, index.manifest, str(old), str(new))
        return index

    @classmethod
    def _in_folder(cls, folder: str | Path) -> Index:
        store = Store(as_path(folder, "The index"))
        state = store.manifest_state()
        index = read_whole(store, lambda manifest: cls._read(store, manifest))
        index._state = state
        return index

    @classmethod
    def _in_database(cls, address: str) -> Index:
        from vlret.index.pushed.open import open_pushed

        pushed = open_pushed(address)
        manifest = pushed.manifest
        return cls(pushed.store.holding([manifest.skipped, manifest.annotations]), manifest, pushed.columns,
                   pushed.backend, known_pairs(pushed.store, manifest), pushed)  # fmt: skip

    @classmethod
    def _read(cls, store: Store, manifest: Manifest) -> Index:
        store.require_whole_shards(manifest)
        columns, pairs = open_columns(store, manifest), known_pairs(store, manifest)
        return cls(store.holding([manifest.skipped, manifest.annotations]), manifest, columns, pairs=pairs)

    @property
    def folder(self) -> Path:
        """The index's folder; of an index in a database, that of the copy of its small files."""
        return self._store.folder

    @property
    def place(self) -> str:
        """Where the index is: its folder, or the address of its database."""
        return self._pushed.database.address if self._pushed else str(self.folder)

    def require_folder(self) -> None:
        """Check that the index is in a folder, and can be changed.

        Raises:
            UsageError: it is in a database.
        """
        if self._pushed:
            require_no_address(self.place)

    @property
    def recipe(self) -> IndexRecipe:
        """What made the vectors: model, query, dtype, clips, frames, sampling, decoder."""
        return self.manifest.recipe

    @property
    def card(self) -> ModelCard:
        """The card of the model that made the vectors."""
        return self.recipe.card

    @property
    def skipped(self) -> list[SkippedFile]:
        """Files that were skipped, and why."""
        from vlret.index.snapshot import absolute_path, read_skipped

        rows = read_skipped(self._store, self.manifest)
        return [SkippedFile(absolute_path(self.manifest, row.root, row.path), row.reason) for row in rows]

    def __len__(self) -> int:
        return len(self.columns)

    def __repr__(self) -> str:
        return f"Index({self.place!r}, {len(self)} clips, {self.card.name})"

    def require_card(self, card: ModelCard) -> None:
        """Check that vectors of this model may be compared with the index's.

        Raises:
            IndexFolderError: another model made the index; the message holds both names.
        """
        self.recipe.require_card(self.place, card)

    def rows(self, clip_ids: Sequence[int] | None = None) -> pd.DataFrame:
        """The live clips in order of clip_id, or those of `clip_ids` in their order.

        Columns: clip_id, root (folder), path (absolute), relative_path (POSIX, below root), start and end
        in seconds (equal for an image), fingerprint, size in bytes, mtime_ns; of the file, where known: duration_s
        in seconds, width, height, codec, fps, taken (capture time, the clock of the place).

        Raises:
            UsageError: the index has no such clip.
        """
        from vlret.index.clip_rows import clip_rows

        places = None if clip_ids is None else self._positions(clip_ids)
        return clip_rows(self.columns, self.manifest.roots, places)

    @cached_property
    def n_files(self) -> int:
        """How many files have clips."""
        return len(np.unique(self.file_numbers))

    @cached_property
    def n_unmeasured(self) -> int:
        """Files of an older index, of which size, length and capture time are not known yet."""
        return int((self.columns.arrays["width.known"] == 0).sum())

    def vectors(self, clip_ids: Sequence[int] | None = None) -> Vectors:
        """The vectors of `rows()`, or of the clips `clip_ids` in their order: float32 [n, dim], unit length.

        Raises:
            UsageError: the index has no such clip.
            IndexFolderError: a shard is damaged, or the index was compacted after it was opened.
            DatabaseError: clips are not in the database any more, or it cannot be reached.
        """
        if clip_ids is None:
            return self._vectors
        return self._stored_vectors.of(self.clip_ids[self._positions(clip_ids)])

    def vector(self, clip_id: int) -> Vectors:
        """The vector of one clip, float32 [dim], unit length; raises as `vectors`."""
        return np.asarray(self.vectors([clip_id])[0])

    @cached_property
    def _vectors(self) -> Vectors:
        return self._stored_vectors.all()

    @cached_property
    def _stored_vectors(self) -> StoredVectors | PushedVectors:
        if self._pushed:
            return self._pushed.vectors
        from vlret.index.stored_vectors import StoredVectors

        return StoredVectors(self._store, self.manifest, self.columns)

    def resolve(self, clip_id: int) -> Clip:
        """The clip with its absolute path, to be decoded again."""
        place = self._position(clip_id)
        (path,) = self._paths([place])
        return Clip.from_row(path, self.columns.starts[place], self.columns.ends[place])

    def file_of(self, clip_id: int) -> int:
        """The number of a clip's file in `columns`."""
        return int(self.columns.files[self._position(clip_id)])

    def _paths(self, places: Ids | Sequence[int]) -> list[str]:
        return self.columns.absolute(self.columns.files[places], self.manifest.roots)

    @cached_property
    def file_paths(self) -> list[str]:
        """The absolute path of each file of `columns`."""
        return self.columns.absolute(range(self.columns.n_files), self.manifest.roots)

    def clips_at(self, path: str | Path) -> Ids:
        """The positions in `columns` of the clips of the file at an absolute path, int64 [m], ascending."""
        files = self.columns.files_at(str(path), self.manifest.roots)
        return np.sort(np.concatenate([np.empty(0, np.int64), *map(self.columns.clips_of, files)]))

    @cached_property
    def copies(self) -> Copies:
        """Which files hold the same footage, as far as it is known: see `vlret.find_duplicates`."""
        return Copies(self.columns, self.manifest.roots, self._pairs)

    def windows(self, path: str | Path) -> Windows | None:
        """The windows of a file of the index, if it stores them (`vlret.index.stored_windows`).

        Raises:
            IndexFolderError: their table is damaged, or the index was compacted after it was opened.
        """
        files = self.columns.files_at(str(path), self.manifest.roots) if self.manifest.windows else ()
        return self._stored_windows.read(self.columns.fingerprint(files[0])) if files else None

    @cached_property
    def _stored_windows(self) -> StoredWindows:
        from vlret.index.stored_windows import StoredWindows

        return StoredWindows(self._store, self.manifest)

    @property
    def clip_ids(self) -> Ids:
        """The ids of the clips, int64 [n], ascending."""
        return self.columns.clip_ids

    def _positions(self, clip_ids: Sequence[int]) -> Ids:
        return np.array([self._position(clip_id) for clip_id in clip_ids], np.int64)

    def _position(self, clip_id: int) -> int:
        return clip_place(self.clip_ids, clip_id, self.place)

    @cached_property
    def backend(self) -> SearchBackend:
        """What finds the nearest vectors; opened or built on first use, which is not for several threads at once."""
        from vlret.index.view.open import open_view

        return self._given_backend or open_view(self._store, self.manifest, self.columns)

    def is_current(self) -> bool:
        """Whether the folder (or database) still holds the revision that was opened.

        Raises:
            IndexFolderError: it holds no index any more, or a damaged one.
            DatabaseError: it cannot be reached.
        """
        if self._pushed:
            return self._pushed.is_current()
        if self._state is not None and self._store.manifest_state() == self._state:
            return True
        now = self._store.read_manifest()  # old formats have no lasting id
        return replace(now, id="", roots=()) == replace(self.manifest, id="", roots=())

    @cached_property
    def file_numbers(self) -> NDArray[np.int32]:
        """A number for the path of each clip, int32 [n], in order of clip_id."""
        return self.columns.numbers_by_path(self.manifest.roots)

    def search(
        self, vectors: Vectors, k: int = 10, one_per_file: bool = True, only: Filter | str | None = None
    ) -> list[list[Hit]]:
        """The k nearest clips to each of `vectors`, best first, ties by clip_id; fewer if fewer exist.

        Args:
            vectors: float32 [q, dim]; any length, cosines are taken.
            k: hits a query, at least 1.
            one_per_file: only the best clip of each file.
            only: which clips may be hits; a text stands for `Filter(path=text)`.

        Raises:
            UsageError: no array of numbers, a wrong shape, k below 1, an empty `only`, a condition that cannot be
                evaluated, or a vector that is zero or not finite.
        """
        check_count(k, "k")
        queries = unit_queries(vectors, self.card.dim)
        ids = None if only is None else ids_of(self.resolved(Filter.of(only)))
        if not len(self):
            return [[] for _ in queries]
        groups = self.file_numbers if one_per_file else self.clip_ids
        backend = self.backend
        with one_thread():
            found = [best_clips(backend, query, k, self.clip_ids, groups, ids) for query in queries]
        return [self._hits(rows, scores) for rows, scores in found]

    def scores(self, vector: Vectors, clip_ids: Ids) -> Vectors:
        """The cosines, float32 [m], of a query, float32 [dim], and the clips of `clip_ids`, int64 [m], ascending.

        -1 where the view of a clip is damaged.
        """
        (query,) = unit_queries(vector[None], self.card.dim)
        scores = np.full(len(clip_ids), -1, np.float32)
        with one_thread():
            found, ids = self.backend.search(query, len(clip_ids), clip_ids, exact=True)
        scores[np.searchsorted(clip_ids, ids)] = found
        return scores

    def resolved(self, only: Filter | None) -> Filter | None:
        """The same filter as `clip_ids` alone: for several searches it is evaluated once.

        Raises:
            UsageError: its condition cannot be evaluated.
        """
        return None if only is None else self._filters.resolved(only)

    @cached_property
    def _filters(self) -> FilterColumns:
        from vlret.index.resolve_filter import FilterColumns  # brings pyarrow

        return FilterColumns(self.columns, self.manifest.roots, lambda: self._annotations)

    @cached_property
    def _annotations(self) -> pa.Table | None:
        from vlret.index.annotations import read_annotations

        return read_annotations(self._store, self.manifest.annotations) if self.manifest.annotations else None

    def _hits(self, rows: Ids, scores: Vectors) -> list[Hit]:
        starts, ends, ids = (
            array[rows].tolist() for array in (self.columns.starts, self.columns.ends, self.clip_ids)
        )
        place = self.place
        found = zip(scores.tolist(), self._paths(rows), starts, ends, ids, strict=True)
        return [Hit(rank, *values, index=place) for rank, values in enumerate(found, 1)]

    def info(self) -> dict[str, Any]:
        """What the index holds and what made it, as plain JSON values; `view` is None if none was made yet.

        `database` says how an index in a database is searched there; None in a folder.
        """
        from vlret.index.index_info import index_info, view_facts

        facts = index_info(self.place, self.manifest, self.columns, self._annotations, self.n_files)
        if self._pushed:
            return {**facts, "view": None, "database": self._pushed.info()}
        return {**facts, "view": view_facts(self.folder, self.manifest), "database": None}

    def check(self) -> list[str]:
        """One line for each file that is missing or whose checksum differs; an empty list is good.

        Raises:
            UsageError: the index is in a database.
        """
        self.require_folder()
        from vlret.index.view.open import find_view_damage

        return self._store.find_damage(self.manifest) + find_view_damage(self._store, self.manifest)

    def compact(self) -> CompactReport:
        """Rewrite the shards without dropped rows and merge small ones; this object shows the result.

        Raises:
            UsageError: the index is in a database.
            IndexFolderError: a writer is at work.
        """
        self.require_folder()
        from vlret.index.compact import CompactReport, compact_store

        before, backend = self.manifest, self._given_backend  # clip_ids stay
        with writer_lock(self.folder):
            compact_store(self._store)
        now = Index.open(self.folder)
        roots = (*before.roots, *now.manifest.roots[len(before.roots) :])
        self.__dict__.clear()  # cached values are of the old revision
        self.__dict__.update(now.__dict__)
        self.manifest, self._given_backend = replace(self.manifest, roots=roots), backend
        n_dropped = before.dropped.rows if before.dropped else 0
        return CompactReport(str(self.folder), n_dropped, before.n_bytes, self.manifest.n_bytes)
