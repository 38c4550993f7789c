"""The clips of an index as a table of pandas."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa

from vlret.index.clip_columns import ClipColumns
from vlret.index.tables import CLIPS
from vlret.types import Ids


def clip_rows(columns: ClipColumns, roots: Sequence[str], places: Ids | None = None) -> pd.DataFrame:
    """The clips at these positions, None: all; the columns are those of `Index.rows`."""
    files = columns.file_table
    folders = pa.array([roots[root] for root in columns.roots], pa.string())
    paths = columns.absolute(range(columns.n_files), roots)
    below = files["path"]
    files = files.set_column(0, "root", folders).set_column(1, "path", pa.array(paths, pa.string()))
    files = files.append_column("relative_path", below)
    chosen = slice(None) if places is None else places
    table = files.take(pa.array(columns.files[chosen]))
    for name in ("clip_id", "start", "end"):
        table = table.append_column(name, pa.array(columns.arrays[name][chosen]))
    rows: pd.DataFrame = table.select([*CLIPS.names, "relative_path"]).to_pandas()
    return rows.astype({"width": "Int32", "height": "Int32"})
