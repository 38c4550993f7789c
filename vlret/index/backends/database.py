"""What a database looks like to `vlret push` and to an index that is searched in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from vlret.index.backends.base import SearchBackend
from vlret.types import Ids, Vectors

if TYPE_CHECKING:
    import pyarrow as pa

MOST_FILE_BYTES = 4 << 20
"""The largest small file that is kept beside the rows."""


class Database(SearchBackend, Protocol):
    """A search back end that keeps the rows of an index in one table (collection) of a database.

    One process writes at a time; others may search beside it, and see what is written without opening it again. Each
    adapter is opened by `vlret.index.backends.databases.open_database`. All methods raise `DatabaseError` where the
    database cannot be reached or refuses; no message holds a password.

    Attributes:
        address: where it is, without a password.
        dim: numbers a vector.
        effort: how much of an approximate index a search looks at, one of `efforts`; 0, as after opening: every vector.
        recall_at_10: as measured at this effort.
    """

    address: str
    dim: int
    effort: int
    recall_at_10: float

    @property
    def efforts(self) -> Sequence[int]:
        """The values of `effort` that an audit tries, from the fastest to the most thorough."""

    def write(self, rows: pa.Table) -> None:
        """Write rows; those of clip_ids that are there are replaced. `add` writes rows whose columns are null.

        Args:
            rows: a table of `vlret.index.backends.rows.rows_schema`.

        Raises:
            UsageError: vectors of another shape or length; nothing is written.
        """

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors, float32 [n, dim], of clips in the order of `ids`, which may be any number.

        Raises:
            DatabaseError: some are not there (code clips_missing).
        """

    def ids(self) -> Ids:
        """The clip_ids that are there, int64, ascending."""

    def optimize(self, approximate: bool) -> None:
        """Compact what was written, and make the approximate index, or bring it up to date, if `approximate`.

        Searches stay exact until `effort` is set.
        """

    def file_names(self) -> set[str]:
        """The names of the small files that are kept beside the rows."""

    def read_files(self, names: Collection[str]) -> dict[str, bytes]:
        """Small files by name; those that are not there are left out."""

    def write_files(self, files: Mapping[str, bytes]) -> None:
        """Write small files, each whole or not at all; others stay.

        Args:
            files: by name (letters, digits, `.`, `-` and `_`), each of at most `MOST_FILE_BYTES`.
        """

    def remove_files(self, names: Collection[str]) -> None:
        """Remove small files; unknown names are ignored."""

    def close(self) -> None:
        """End the connection."""
