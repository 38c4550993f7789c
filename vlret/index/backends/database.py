"""What a database looks like to `vlret push` and to an index that is searched in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from vlret.index.backends.base import SearchBackend
from vlret.types import Ids, Vectors

if TYPE_CHECKING:
    import pyarrow as pa


class Database(SearchBackend, Protocol):
    """A search back end that keeps the rows of an index in one table (collection) of a database.

    One process writes at a time; others may search beside it. `add` writes rows without columns.

    Attributes:
        address: where it is, without a password.
        effort: how much of an approximate index a search looks at, one of `efforts`; 0: every vector.
        recall_at_10: as measured at this effort.
    """

    address: str
    effort: int
    recall_at_10: float

    @property
    def efforts(self) -> Sequence[int]:
        """The values of `effort` that an audit tries, from the fastest to the most thorough."""

    def write(self, rows: pa.Table) -> None:
        """Write rows; those of clip_ids that are there are replaced.

        Args:
            rows: `clip_id` int64, `vector` float32 fixed-size list of unit length, and columns of
                `vlret.index.filter_columns.COLUMNS`.

        Raises:
            UsageError: vectors of another shape or length; nothing is written.
            DatabaseError: it cannot be reached, or refuses.
        """

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors, float32 [n, dim], of clips that are there, in the order of `ids`."""

    def ids(self) -> Ids:
        """The clip_ids that are there, int64, ascending."""

    def optimize(self) -> None:
        """Compact what was written, and build the approximate index; searches stay exact until `effort` is set."""

    def read_files(self) -> dict[str, bytes]:
        """The small files that were stored beside the rows, by name."""

    def write_files(self, files: Mapping[str, bytes]) -> None:
        """Replace all small files at once: a reader sees the old ones or the new ones."""

    def close(self) -> None:
        """End the connection."""
