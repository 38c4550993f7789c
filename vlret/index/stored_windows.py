"""The vectors of sliding windows that an index holds beside its clips, by the content of their files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vlret.index.manifest import FileEntry, Manifest
from vlret.index.store import Store, compacted, damaged
from vlret.index.tables import unit_vectors, vector_column

if TYPE_CHECKING:
    from vlret.index.windows import Windows

_MOST_S = 1e12


def window_schema(dim: int) -> pa.Schema:
    """The columns of a table of windows: one row each, those of a file together, in order of time."""
    return pa.schema(
        [("fingerprint", pa.string()), ("start", pa.float64()), ("end", pa.float64()),
         ("vector", pa.list_(pa.float16(), dim))]
    )  # fmt: skip


def window_table(fingerprint: str, windows: Windows) -> pa.Table:
    """The rows of the windows of a file with this content."""
    vectors = vector_column(windows.vectors.astype(np.float16))
    columns = [pa.array([fingerprint] * len(vectors)), windows.starts_s, windows.ends_s, vectors]
    return pa.table(columns, schema=window_schema(windows.vectors.shape[1]))


class StoredWindows:
    """The windows of one revision of an index, read a file at a time."""

    def __init__(self, store: Store, manifest: Manifest) -> None:
        self._store, self._manifest = store, manifest
        self._schema = window_schema(manifest.recipe.card.dim)

    @cached_property
    def entries(self) -> dict[str, FileEntry]:
        """The table that holds the windows of each fingerprint.

        Raises:
            IndexFolderError: a table is damaged, or the index was compacted after it was opened.
        """
        found: dict[str, FileEntry] = {}
        for entry in self._manifest.windows or ():
            table = self._table(entry, ["fingerprint"])
            found |= dict.fromkeys(table["fingerprint"].unique().to_pylist(), entry)
        return found

    def read(self, fingerprint: str) -> Windows | None:
        """The windows of a file with this content; None where the index has none.

        Raises:
            IndexFolderError: as `entries`.
        """
        from vlret.index.windows import Windows  # brings PyAV

        entry = self.entries.get(fingerprint)
        if entry is None:
            return None
        table = self._table(entry)
        table = table.filter(pc.equal(table["fingerprint"], fingerprint))
        try:
            starts, ends = table["start"].to_numpy(), table["end"].to_numpy()
            _check_times(starts, ends)
            return Windows(starts, ends, unit_vectors(table), float(ends[-1]))
        except ValueError as error:
            raise damaged(self._store.folder, entry.name, str(error)) from error

    def tables(self, fingerprints: set[str]) -> Iterator[pa.Table]:
        """All tables, with the rows of these contents only."""
        kept = pa.array(sorted(fingerprints), pa.string())
        for entry in self._manifest.windows or ():
            table = self._table(entry)
            yield table.filter(pc.is_in(table["fingerprint"], value_set=kept))

    def _table(self, entry: FileEntry, columns: list[str] | None = None) -> pa.Table:
        try:
            return self._store.read_table(entry, self._schema, columns)
        except FileNotFoundError as error:
            raise compacted(self._store.folder) from error


def _check_times(starts: np.ndarray, ends: np.ndarray) -> None:
    good = (starts >= 0) & (ends >= starts) & (ends < _MOST_S)
    if not good.all() or (np.diff(starts) < 0).any():
        raise ValueError("a window has times that cannot be")
