"""The arrays that `ClipColumns` stand on: which there are, and what must hold for them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlret.index.row_checks import MOST_S, leads_out
from vlret.types import Ids

Arrays = Mapping[str, NDArray[Any]]

_CLIP_DTYPES = {"clip_id": "<i8", "file": "<i4", "start": "<f8", "end": "<f8", "by_file": "<i4"}
_FILE_DTYPES = {
    "root": "<i4", "size": "<i8", "mtime_ns": "<i8", "duration_s": "<f8", "width": "<i4", "height": "<i4",
    "fps": "<f8", "taken": "<i8", "same_bytes": "<i4",
}  # fmt: skip
TEXTS = ("path", "fingerprint", "codec")
"""Columns of texts: `.bytes` holds all of them in UTF-8, `.end` where each ends."""
METADATA_NAMES = ("duration_s", "width", "height", "codec", "fps", "taken")
"""Columns that may be null: `.known` says where they are not."""


def text_at(arrays: Arrays, name: str, row: int) -> str:
    """One text of a column of `TEXTS`."""
    ends = arrays[f"{name}.end"]
    return arrays[f"{name}.bytes"][_start(ends, row) : ends[row]].tobytes().decode()


def texts_at(arrays: Arrays, name: str, rows: Ids) -> list[str]:
    """Several texts of a column of `TEXTS`."""
    ends, data = arrays[f"{name}.end"], arrays[f"{name}.bytes"]
    starts = np.where(rows > 0, ends[rows - 1], 0)
    spans = zip(starts.tolist(), ends[rows].tolist(), strict=True)
    return [data[start:end].tobytes().decode() for start, end in spans]


def rows_of_text(arrays: Arrays, name: str, text: str) -> list[int]:
    """The rows of a column of `TEXTS` that hold exactly `text`, which is not empty."""
    ends, data, wanted = arrays[f"{name}.end"], arrays[f"{name}.bytes"].tobytes(), text.encode()
    rows: list[int] = []
    place = data.find(wanted)
    while place >= 0:
        row = int(np.searchsorted(ends, place, side="right"))
        if _start(ends, row) == place and ends[row] == place + len(wanted):
            rows.append(row)
        place = data.find(wanted, place + 1)
    return rows


def _start(ends: Ids, row: int) -> int:
    return int(ends[row - 1]) if row else 0


def check_lengths(arrays: Arrays) -> None:
    """ValueError where a column is missing, or has another type or length."""
    lengths = {name: len(array) for name, array in arrays.items()}
    n, n_files = lengths.get("clip_id"), lengths.get("root")
    wanted = {name: (dtype, n) for name, dtype in _CLIP_DTYPES.items()}
    wanted |= {name: (dtype, n_files) for name, dtype in _FILE_DTYPES.items()}
    wanted |= {f"{name}.end": ("<i8", n_files) for name in (*TEXTS, "by_file")}
    wanted |= {f"{name}.known": ("u1", n_files) for name in METADATA_NAMES}
    wanted |= {f"{name}.bytes": ("u1", lengths.get(f"{name}.bytes")) for name in TEXTS}
    if wanted != {name: (array.dtype.str.lstrip("|"), len(array)) for name, array in arrays.items()}:
        raise ValueError("the columns are not those of an index")


def check_values(arrays: Arrays) -> None:
    """ValueError where readers cannot rely on it: the checksum finds damage, this what a stranger wrote."""
    n, starts, ends = len(arrays["clip_id"]), arrays["start"], arrays["end"]
    _require(bool((np.diff(arrays["clip_id"], prepend=-1) > 0).all()), "clip_id")
    _require(_within(arrays["file"], len(arrays["root"])), "file")
    _require(bool(((starts >= 0) & (ends >= starts) & (ends < MOST_S)).all()), "end")
    _require(_within(arrays["by_file"], n), "by_file")
    _check_groups(arrays["file"], arrays["by_file"], arrays["by_file.end"])
    _require(bool((arrays["root"] >= 0).all()), "root")
    _require(_within(arrays["same_bytes"], len(arrays["root"])), "same_bytes")
    for name in TEXTS:
        _check_texts(arrays, name)
    _check_paths(arrays)


def _check_groups(files: NDArray[np.int32], by_file: NDArray[np.int32], ends: Ids) -> None:
    """`by_file` lists the clips of each file in ascending order, one file after the other."""
    steps, rises = np.diff(files[by_file]), np.diff(by_file) > 0
    _require(bool(((steps > 0) | (steps == 0) & rises).all()), "by_file")
    _require(np.array_equal(ends, np.bincount(files, minlength=len(ends)).cumsum()), "by_file.end")


def _check_texts(arrays: Arrays, name: str) -> None:
    data, ends = arrays[f"{name}.bytes"], arrays[f"{name}.end"]
    _require(_rise(ends, len(data)), f"{name}.end")
    data.tobytes().decode()
    inner = ends[ends < len(data)]
    _require(bool((data[inner] & 0xC0 != 0x80).all()), name)  # no text ends within a character


def _check_paths(arrays: Arrays) -> None:
    """No path leads out of its root; only those that could are looked at one by one."""
    data, ends = arrays["path.bytes"], arrays["path.end"]
    starts = np.concatenate([[0], ends])[: len(ends)]
    text = data.tobytes()
    good = bool((ends > starts).all()) and b"\0" not in text and not (data[starts] == ord("/")).any()
    _require(good, "path")
    if os.name == "nt" or b".." in text:
        _require(not any(leads_out(text_at(arrays, "path", row)) for row in range(len(ends))), "path")


def _rise(ends: Ids, last: int) -> bool:
    return bool((np.diff(ends, prepend=0) >= 0).all()) and (int(ends[-1]) if len(ends) else 0) == last


def _within(numbers: NDArray[np.int32], most: int) -> bool:
    return not len(numbers) or (int(numbers.min()) >= 0 and int(numbers.max()) < most)


def _require(good: bool, name: str) -> None:
    if not good:
        raise ValueError(f"column {name} has values that cannot be")
