"""The live clips of an index as columns: derived from the shards, kept in `view/`, mapped into memory."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vlret.index.columns_checks import Arrays, check_lengths, check_values, rows_of_text, text_at, texts_at
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
        spans = np.array([(shard.first_id, shard.next_id) for shard in shards], np.int64).reshape(-1)
        n_below = np.searchsorted(self.clip_ids, spans)
        found = (n_below[1::2] - n_below[::2]).tolist()
        if (np.diff(spans) < 0).any() or found != [shard.live for shard in shards] or sum(found) != len(self):
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

    def fingerprint(self, file: int) -> str:
        """The fingerprint of a file's content."""
        return text_at(self.arrays, "fingerprint", file)

    def absolute(self, files: NDArray[np.integer] | Sequence[int], roots: Sequence[str]) -> list[str]:
        """The absolute path of each of `files`, for the folders of the manifest's roots."""
        numbers = np.asarray(files, np.int64)
        above = [os.path.join(root, "") for root in roots]
        below = texts_at(self.arrays, "path", numbers)
        return [above[root] + path for root, path in zip(self.roots[numbers].tolist(), below, strict=True)]

    def numbers_by_path(self, roots: Sequence[str]) -> NDArray[np.int32]:
        """A number for the absolute path of each clip, int32 [n]: a file may be below two roots."""
        above = sorted(os.path.join(root, "") for root in roots)
        if not any(lower.startswith(upper) for upper, lower in pairwise(above)):
            return self.files
        _, numbers = np.unique(self.absolute(range(self.n_files), roots), return_inverse=True)
        return numbers.astype(np.int32)[self.files]

    def files_at(self, path: str, roots: Sequence[str]) -> list[int]:
        """The files with this absolute path: one, none, or one below each of several roots."""
        found = [
            (n, file)
            for n, root in enumerate(roots)
            if (above := os.path.join(root, "")) != path and path.startswith(above)
            for file in rows_of_text(self.arrays, "path", path.removeprefix(above))
        ]
        return [file for n, file in found if self.roots[file] == n]

    def files_with(self, fingerprints: Collection[str]) -> dict[str, int]:
        """The first file with each of these fingerprints that a file has."""
        if not fingerprints:
            return {}
        import pyarrow as pa
        import pyarrow.compute as pc

        column = self.file_table["fingerprint"]
        rows = pc.indices_nonzero(pc.is_in(column, value_set=pa.array(sorted(fingerprints))))
        return dict(zip(column.take(rows).to_pylist()[::-1], rows.to_pylist()[::-1], strict=True))

    def clips_of(self, file: int) -> Ids:
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
