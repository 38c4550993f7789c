"""An index opened for reading: its rows, its vectors, search."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vlret.errors import IndexFolderError, UsageError
from vlret.index.annotations import column_kinds
from vlret.index.backends.base import SearchBackend
from vlret.index.backends.faiss_view import open_view, view_info
from vlret.index.columns_view import open_columns
from vlret.index.compact import CompactReport, compact_store
from vlret.index.copies import Copies
from vlret.index.filter import Filter, ids_of
from vlret.index.indexed_files import by_real_path, indexed_files
from vlret.index.lock import writer_lock
from vlret.index.manifest import IndexRecipe, Manifest
from vlret.index.ranking import best_clips
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.stored_windows import StoredWindows
from vlret.index.tables import Ids
from vlret.index.writer import IndexWriter
from vlret.models.base import ModelCard
from vlret.text import printable
from vlret.threads import one_thread
from vlret.types import Clip, Hit, SkippedFile, Vectors, as_path, check_count, type_name
from vlret.vectors import first_invalid_row, unit_rows

if TYPE_CHECKING:
    from vlret.index.resolve_filter import FilterColumns
    from vlret.index.windows import Windows


class Index:
    """One revision of an index, read whole; what a writer does later is seen by opening it again."""

    def __init__(self, snapshot: Snapshot, backend: SearchBackend | None = None) -> None:
        """`backend` holds the live clips of `snapshot`; None: FAISS, opened on first use."""
        self._snapshot, self._given_backend = snapshot, backend

    @classmethod
    def open(cls, folder: str | Path, roots: Mapping[str | Path, str | Path] | None = None) -> Index:
        """Open the index in `folder`.

        Args:
            roots: where folders of media files are now: {old: new}, for this reading only; `move_root`
                records it.

        Raises:
            UsageError: `folder` is not a path.
            IndexFolderError: the folder holds no index, a damaged one, or one of a newer vlret, or no such
                root.
        """
        snapshot = Snapshot.read(Store(as_path(folder, "The index")))
        for old, new in (roots or {}).items():
            manifest = _with_root(snapshot, str(old), str(new))
            snapshot = replace(snapshot, manifest=manifest)
        return cls(snapshot)

    @property
    def folder(self) -> Path:
        """The index's folder."""
        return self._snapshot.store.folder

    @property
    def manifest(self) -> Manifest:
        """The manifest of the revision that was opened."""
        return self._snapshot.manifest

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
        rows = self._snapshot.skipped
        return [SkippedFile(self._snapshot.absolute(row.root, row.path), row.reason) for row in rows]

    def __len__(self) -> int:
        return len(self._snapshot.rows)

    def __repr__(self) -> str:
        return f"Index({str(self.folder)!r}, {len(self)} clips, {self.card.name})"

    def require_card(self, card: ModelCard) -> None:
        """Check that vectors of this model may be compared with the index's.

        Raises:
            IndexFolderError: another model made the index; the message holds both names.
        """
        self.recipe.require_card(self.folder, card)

    def rows(self, clip_ids: Sequence[int] | None = None) -> pd.DataFrame:
        """The live clips in order of clip_id, or those of `clip_ids` in their order.

        Columns: clip_id, root (folder), path (absolute), relative_path (POSIX, below root), start and end
        in seconds (equal for an image), fingerprint, size in bytes, mtime_ns; of the file, where known: duration_s
        in seconds, width, height, codec, fps, taken (capture time, the clock of the place).

        Raises:
            UsageError: the index has no such clip.
        """
        if clip_ids is None:
            return self._snapshot.clips.copy()
        places = [self._position(clip_id) for clip_id in clip_ids]
        return self._snapshot.clips.iloc[places].reset_index(drop=True)

    @cached_property
    def n_unmeasured(self) -> int:
        """Files of an older index, of which size, length and capture time are not known yet."""
        clips = self._snapshot.clips
        return int(clips["path"][clips["width"].isna()].nunique())

    def vectors(self) -> Vectors:
        """The vectors of `rows()`, float32 [n, dim], unit length."""
        return self._snapshot.vectors

    def vector(self, clip_id: int) -> Vectors:
        """The vector of one clip, float32 [dim], unit length."""
        vector: Vectors = self._snapshot.vectors[self._position(clip_id)]
        return vector

    def resolve(self, clip_id: int) -> Clip:
        """The clip with its absolute path, to be decoded again."""
        row = self._snapshot.clips.iloc[self._position(clip_id)]
        return Clip.from_row(row["path"], row["start"], row["end"])

    @cached_property
    def copies(self) -> Copies:
        """Which files hold the same footage, as far as it is known: see `vlret.find_duplicates`."""
        return Copies(self._snapshot.clips, self._snapshot.pairs)

    def windows(self, path: str | Path) -> Windows | None:
        """The windows of a file of the index, if it stores them (`vlret.index.stored_windows`).

        Raises:
            IndexFolderError: their table is damaged, or the index was compacted after it was opened.
        """
        found = self._snapshot.clips["path"] == str(path)
        fingerprints = self._snapshot.rows["fingerprint"][found]
        return self._stored_windows.read(fingerprints.iloc[0]) if len(fingerprints) else None

    @cached_property
    def _stored_windows(self) -> StoredWindows:
        return StoredWindows(self._snapshot.store, self.manifest)

    @property
    def clip_ids(self) -> Ids:
        """The ids of the clips, int64 [n], ascending."""
        ids: Ids = self._snapshot.rows["clip_id"].to_numpy()
        return ids

    def _position(self, clip_id: int) -> int:
        if not isinstance(clip_id, Integral):
            raise UsageError(
                f"A clip_id was given as {type_name(clip_id)}.",
                "Give an integer.",
                code="wrong_type",
                given=clip_id,
            )
        position = int(np.searchsorted(self.clip_ids, int(clip_id)))
        if position == len(self) or self.clip_ids[position] != clip_id:
            raise UsageError(
                f"The index {self.folder} has no clip {clip_id}.",
                "See rows() for the clips it has.",
                code="no_such_clip",
                given=clip_id,
                index=self.folder,
            )
        return position

    @cached_property
    def backend(self) -> SearchBackend:
        """What finds the nearest vectors; opened or built on first use, which is not for several threads at once."""
        return self._given_backend or open_view(self._snapshot)

    def is_current(self) -> bool:
        """Whether the folder still holds the revision that was opened.

        Raises:
            IndexFolderError: it holds no index any more, or a damaged one.
        """
        now = self._snapshot.store.read_manifest()
        return replace(now, id="") == replace(
            self._snapshot.manifest, id=""
        )  # old formats have no lasting id

    @cached_property
    def file_numbers(self) -> Ids:
        """The number of each clip's file, int64 [n], in order of clip_id."""
        return np.asarray(pd.factorize(self._snapshot.clips["path"])[0], np.int64)

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
        queries = self._unit_queries(vectors)
        ids = ids_of(self.resolved(Filter.of(only)))
        if not len(self):
            return [[] for _ in queries]
        groups = self.file_numbers if one_per_file else self.clip_ids
        backend = self.backend
        with one_thread():
            found = [best_clips(backend, query, k, self.clip_ids, groups, ids) for query in queries]
        return [self._hits(rows, scores) for rows, scores in found]

    def scores(self, vector: Vectors, clip_ids: Ids) -> Vectors:
        """The cosines, float32 [m], of a query, float32 [dim], and the clips of `clip_ids`, int64 [m], ascending."""
        (query,) = self._unit_queries(vector[None])
        with one_thread():
            scores, ids = self.backend.search(query, len(clip_ids), clip_ids, exact=True)
        return scores[np.argsort(ids)]

    def resolved(self, only: Filter | None) -> Filter | None:
        """The same filter as `clip_ids` alone: for several searches it is evaluated once.

        Raises:
            UsageError: its condition cannot be evaluated.
        """
        return None if only is None else self._filters.resolved(only)

    @cached_property
    def _filters(self) -> FilterColumns:
        from vlret.index.resolve_filter import FilterColumns  # brings pyarrow

        snapshot = self._snapshot
        columns = open_columns(snapshot.store, snapshot.manifest)
        return FilterColumns(columns, self.manifest.roots, lambda: snapshot.annotations)

    def _unit_queries(self, vectors: Vectors) -> Vectors:
        try:
            queries = np.asarray(vectors, np.float32)
        except (TypeError, ValueError, RuntimeError) as error:
            raise UsageError(
                f"Query vectors were given as {type_name(vectors)}.",
                f"Give float32 [q, {self.card.dim}]; for sentences and files use vlret.search.",
                code="bad_query_vectors",
            ) from error
        if queries.ndim != 2 or queries.shape[1] != self.card.dim:
            raise UsageError(
                f"Query vectors have the shape {queries.shape}.",
                f"Give float32 [q, {self.card.dim}].",
                code="vector_shape",
                given=queries.shape,
                dim=self.card.dim,
            )
        if first_invalid_row(queries) is not None:
            raise UsageError(
                "A query vector is zero or not finite.",
                "Give finite vectors other than zero.",
                code="vector_not_unit",
            )
        return np.ascontiguousarray(unit_rows(queries))

    def _hits(self, rows: Ids, scores: Vectors) -> list[Hit]:
        found = self._snapshot.clips.iloc[rows]
        columns = (found[name] for name in ("path", "start", "end", "clip_id"))
        return [
            Hit(rank, float(score), str(path), float(start), float(end), int(clip_id), index=str(self.folder))
            for rank, (score, path, start, end, clip_id) in enumerate(zip(scores, *columns, strict=True), 1)
        ]

    def info(self) -> dict[str, Any]:
        """What the index holds and what made it, as plain JSON values; `view` is None if out of date."""
        view = view_info(self._snapshot)
        return {
            "index": str(self.folder),
            "revision": self.manifest.revision,
            "created": self.manifest.created,
            "updated": self.manifest.updated,
            "clips": len(self),
            "files": int(self._snapshot.clips["path"].nunique()),
            "dropped_clips": len(self._snapshot.dropped),
            "skipped_files": len(self._snapshot.skipped),
            "shards": len(self.manifest.shards),
            "moments": self.manifest.windows is not None,
            "bytes": self.manifest.n_bytes,
            "roots": list(dict.fromkeys(self._snapshot.clips["root"])),
            "recipe": {**asdict(self.recipe), "card": self.card.to_dict()},
            "view": asdict(view) if view else None,
            "columns": column_kinds(self._snapshot.annotations),
            "exclude": list(self.manifest.exclude),
        }

    def check(self) -> list[str]:
        """One line for each file that is missing or whose checksum differs; an empty list is good."""
        return self._snapshot.store.find_damage(self.manifest)

    def compact(self) -> CompactReport:
        """Rewrite the shards without dropped rows and merge small ones; this object shows the result.

        Raises:
            IndexFolderError: a writer is at work.
        """
        n_dropped, n_bytes = len(self._snapshot.dropped), self.manifest.n_bytes
        moved = self.manifest.roots
        with writer_lock(self.folder):
            compact_store(self._snapshot.store)
        snapshot = Snapshot.read(self._snapshot.store)
        roots = (*moved, *snapshot.manifest.roots[len(moved) :])
        backend = self._given_backend  # clip_ids stay
        self.__dict__.clear()  # cached rows and view are of the old revision
        self._snapshot = replace(snapshot, manifest=replace(snapshot.manifest, roots=roots))
        self._given_backend = backend
        return CompactReport(str(self.folder), n_dropped, n_bytes, self.manifest.n_bytes)


def move_root(index: str | Path, old: str | Path, new: str | Path) -> None:
    """Record that the media files below `old` are below `new` now; nothing is encoded again.

    Where the index has a file of `new` already, the clips that came first are dropped.

    Raises:
        IndexFolderError: the index has no such root, or a writer is at work.
    """
    store = Store(Path(index))
    store.read_manifest()  # an error where there is no index
    with writer_lock(store.folder):
        snapshot = Snapshot.read(store)
        manifest = _with_root(snapshot, str(old), str(new))
        writer = IndexWriter(snapshot, manifest.roots)
        writer.drop(by_real_path(indexed_files(replace(snapshot, manifest=manifest)))[1])
        writer.commit()


def _with_root(snapshot: Snapshot, old: str, new: str) -> Manifest:
    roots = snapshot.manifest.roots
    if os.path.abspath(old) not in roots:
        raise IndexFolderError(
            printable(f"The index {snapshot.store.folder} has no root {old}."),
            printable(f"Its roots: {', '.join(roots) or 'none'}."),
            code="no_such_root",
            given=old,
            allowed=roots,
        )
    moved = tuple(os.path.abspath(new) if root == os.path.abspath(old) else root for root in roots)
    return replace(snapshot.manifest, roots=moved)
