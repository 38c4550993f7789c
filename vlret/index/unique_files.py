"""The files of a table that has a row for each clip."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from vlret.types import Ids


def unique_files(table: pa.Table) -> tuple[pa.Table, Ids]:
    """The rows that are the first of their file, in order, and the number of each row's file, int64 [rows].

    A file is what the columns `root` and `path` say.
    """
    rows = table.select(["root", "path"]).append_column("row", pa.array(np.arange(len(table))))
    found = rows.group_by(["root", "path"], use_threads=False).aggregate([("row", "min"), ("row", "list")])
    order = np.argsort(found["row_min"].to_numpy())
    lists = found["row_list"].combine_chunks().take(pa.array(order))
    sizes = np.asarray(lists.value_lengths())
    numbers = np.empty(len(table), np.int64)
    numbers[np.asarray(lists.flatten())] = np.repeat(np.arange(len(sizes)), sizes)
    return table.take(found["row_min"].take(pa.array(order))), numbers
