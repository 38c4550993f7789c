"""A filter as search back ends take it: clip_ids, found through the columns of the clips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vlret.index.clip_columns import ClipColumns
from vlret.index.file_paths import FilePaths
from vlret.index.filter import Filter
from vlret.index.filter_columns import COLUMNS
from vlret.index.filter_table import PER_CLIP, file_columns, per_clip_columns
from vlret.index.where import checked, rows_where


class FilterColumns:
    """What the filters of one index are evaluated over; made when the first filter asks for it, and kept.

    All that files have alone is looked at once a file.
    """

    def __init__(
        self, columns: ClipColumns, roots: Sequence[str], annotations: Callable[[], pa.Table | None]
    ) -> None:
        """`annotations` reads the user's own columns, which conditions alone need."""
        self._columns, self._roots, self._annotations = columns, roots, annotations

    def resolved(self, only: Filter) -> Filter:
        """The same filter as `clip_ids` alone.

        Raises:
            UsageError: `where` is not a condition, names an unknown column, or takes too much time or memory.
        """
        if only.is_resolved:
            return only
        mask = self._allowed(only)[self._columns.files]
        if only.where is not None:
            mask &= self._where(only)
        ids = self._columns.clip_ids[mask]
        if only.clip_ids is not None:
            ids = np.intersect1d(ids, np.asarray(only.clip_ids), assume_unique=True)
        return Filter(clip_ids=ids)

    @cached_property
    def _paths(self) -> FilePaths:
        table = self._columns.file_table
        return FilePaths(self._roots, self._columns.roots, table["path"].combine_chunks())

    @cached_property
    def _files(self) -> pa.Table:
        return file_columns(self._columns.file_table, self._paths.absolute, self._annotations())

    def _allowed(self, only: Filter) -> NDArray[np.bool_]:
        """Whether path and exclude allow each file."""
        mask = np.ones(self._columns.n_files, bool)
        if only.path is not None:
            mask &= self._paths.matched(only.path)
        for pattern in only.exclude:
            mask &= ~self._paths.matched(pattern)
        return mask

    def _where(self, only: Filter) -> NDArray[np.bool_]:
        """Whether the condition holds for each clip."""
        files = self._files
        own = [name for name in files.column_names if name not in COLUMNS]
        condition = checked(only.where or "", only.where_values, [*COLUMNS, *own])
        if condition.columns & PER_CLIP:
            return _mask(
                len(self._columns),
                rows_where(per_clip_columns(self._columns, files, condition.columns), condition),
            )
        numbered = files.append_column("clip_id", pa.array(np.arange(len(files))))
        return _mask(len(files), rows_where(numbered, condition))[self._columns.files]


def _mask(n: int, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    mask = np.zeros(n, bool)
    mask[rows] = True
    return mask
