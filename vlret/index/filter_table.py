"""The tables that a condition is evaluated over: one row a file, or one row a clip."""

from __future__ import annotations

import os
from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vlret.index.annotations import joined
from vlret.index.clip_columns import ClipColumns
from vlret.index.filter_columns import COLUMNS

PER_CLIP = frozenset({"start", "end"})
"""The columns in which the clips of a file differ."""
_FOLDERS = r"(?s)^.*[/\\]" if os.sep == "\\" else "(?s)^.*/"


def file_columns(files: pa.Table, paths: pa.Array, annotations: pa.Table | None) -> pa.Table:
    """`COLUMNS` without `PER_CLIP`, and the user's own, with one row a file.

    Args:
        files: `ClipColumns.file_table`.
        paths: string [files], absolute.
        annotations: the user's own columns.
    """
    made = {
        "path": paths,
        "name": pc.replace_substring_regex(paths, _FOLDERS, ""),
        "duration": files["duration_s"],
        "modified": pa.array(files["mtime_ns"].to_numpy() // 1000, pa.timestamp("us")),
    }
    known = {name: made[name] if name in made else files[name] for name in COLUMNS if name not in PER_CLIP}
    return pa.table({**known, **(joined(annotations, files) if annotations is not None else {})})


def per_clip_columns(columns: ClipColumns, files: pa.Table, names: Collection[str]) -> pa.Table:
    """These columns, those of `file_columns` and `PER_CLIP`, with one row a clip and its position as `clip_id`.

    Those of files are dictionaries, so that a condition looks at each value once.
    """
    numbers = pa.array(columns.files)
    per_clip = {"clip_id": np.arange(len(columns)), "start": columns.starts, "end": columns.ends}
    per_file = {
        name: pa.DictionaryArray.from_arrays(numbers, files[name].combine_chunks())
        for name in files.column_names
        if name in names
    }
    return pa.table({**per_clip, **per_file})
