"""The live clips of an index as columns: derived from the shards, kept in `view/`, mapped into memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vlret.index.columns_checks import Arrays, check_lengths, check_values, text_at
from vlret.types import Ids

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ShardRows:
    """Which clips a shard has.

    Attributes:
        sha256: that of the shard.
        rows: its clips, live or dropped.
        first_id: the first id of these; `next_id` is above the last.
        live: how many are live: so many follow each other in the columns.
    """

    sha256: str
    rows: int
    first_id: int
    next_id: int
    live: int


class ClipColumns:
    """The live clips of one revision of an index, in order of clip_id, and their files.

    A file is a path below a root; files are numbered in order of their first clip. The arrays are not to be changed.

    Attributes:
        clip_ids: int64 [n], ascending.
        files: the number of each clip's file, int32 [n].
        starts, ends: float64 [n], seconds; equal for an image.
        roots: the number of each file's root, int32 [files].
        shards: which clips each shard has, in order.
    """

    def __init__(self, arrays: Arrays, shards: Sequence[ShardRows]) -> None:
        """`arrays` as `vlret.index.build_columns` makes them.

        Raises:
            ValueError: they, or `shards`, do not fit together.
        """
        self.arrays, self.shards = arrays, tuple(shards)
        check_lengths(arrays)
        self.clip_ids: Ids = arrays["clip_id"]
        self.files: NDArray[np.int32] = arrays["file"]
        self.starts: NDArray[np.float64] = arrays["start"]
        self.ends: NDArray[np.float64] = arrays["end"]
        self.roots: NDArray[np.int32] = arrays["root"]
        check_values(arrays)
        if sum(shard.live for shard in shards) != len(self):
            raise ValueError("the shards have other clips")

    def __len__(self) -> int:
        return len(self.clip_ids)

    @property
    def n_files(self) -> int:
        """How many files have clips."""
        return len(self.roots)

    def path(self, file: int) -> str:
        """The POSIX path of a file below its root."""
        return text_at(self.arrays, "path", file)

    def positions_of(self, file: int) -> Ids:
        """The positions of a file's clips, int64 [m], ascending."""
        ends = self.arrays["by_file.end"]
        start = int(ends[file - 1]) if file else 0
        return self.arrays["by_file"][start : int(ends[file])].astype(np.int64)

    @cached_property
    def file_table(self) -> pa.Table:
        """One row a file: root, path (POSIX, below the root), fingerprint, size, mtime_ns, and `METADATA`."""
        import pyarrow as pa

        from vlret.index.columns_table import FILES, file_column

        return pa.table([file_column(self.arrays, field) for field in FILES], schema=FILES)
