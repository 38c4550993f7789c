"""The table that a condition is evaluated over: one row a clip, with what is known of its file."""

from __future__ import annotations

import os

import pandas as pd
import pyarrow as pa

from vlret.index.annotations import joined
from vlret.index.clip_columns import ClipColumns
from vlret.index.filter_columns import COLUMNS


def filter_table(rows: pd.DataFrame, clips: ClipColumns, annotations: pa.Table | None) -> pa.Table:
    """`clip_id`, `COLUMNS` and the user's own columns of the live clips.

    Paths are dictionaries, so that a condition looks at each once.
    """
    paths = pa.array(rows["path"], pa.string()).dictionary_encode()
    names = pa.array([os.path.basename(path) for path in paths.dictionary.to_pylist()], pa.string())
    modified = pa.array(rows["mtime_ns"].to_numpy() // 1000, pa.timestamp("us"))
    renamed = {"duration": "duration_s"}
    made = {"path": paths, "name": pa.DictionaryArray.from_arrays(paths.indices, names), "modified": modified}
    columns = {
        name: made[name] if name in made else pa.array(rows[renamed.get(name, name)], from_pandas=True)
        for name in ("clip_id", *COLUMNS)
    }
    own = {}
    if annotations is not None:
        own = joined(annotations, rows.assign(root=clips.roots[clips.files], path=rows["relative_path"]))
    return pa.table({**columns, **own})
