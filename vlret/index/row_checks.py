"""What must hold for the rows of an index, whoever wrote them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import numpy as np

from vlret.remote_path import SCHEMES
from vlret.text import printable

if TYPE_CHECKING:
    import pyarrow as pa

MOST_S = 1e12
"""No time of a clip is as great, in seconds."""
_ABSOLUTE = rf"^/|^(?:{'|'.join(SCHEMES)})://|^\\\\|^[A-Za-z]:[\\/]"
# below its root: no absolute path, no drive, no ".." between separators, no NUL
_SEPARATORS = r"[\\/]" if os.name == "nt" else "/"
_LEADS_OUT = rf"^$|^{_SEPARATORS}|(^|{_SEPARATORS})\.\.({_SEPARATORS}|$)|\x00" + (
    "|^[A-Za-z]:" if os.name == "nt" else ""
)


def check_clips(table: pa.Table, n_roots: int, first_id: int, next_id: int) -> None:
    """Check the clips of one shard: their ids rise from `first_id` and stay below `next_id`.

    Raises:
        ValueError: an id, a root, a path or a time cannot be; the message names the clip.
    """
    ids = table["clip_id"].to_numpy()
    start, end = table["start"].to_numpy(), table["end"].to_numpy()
    root = table["root"].to_numpy()
    previous = np.concatenate([[first_id - 1], ids[:-1]])
    _require((ids > previous) & (ids < next_id), ids, "does not have the id that follows")
    _require((root >= 0) & (root < n_roots), ids, "has a root that is not in the manifest")
    _require((start >= 0) & (end >= start) & (end < MOST_S), ids, "has times that cannot be")
    duration = table["duration_s"].fill_null(0).to_numpy()
    _require((duration >= 0) & (duration < MOST_S), ids, "is of a file with a duration that cannot be")
    _require_below(table["path"])


def check_skipped(table: pa.Table, n_roots: int) -> None:
    """Check the rows of skipped files: root -1 comes with an absolute path.

    Raises:
        ValueError: a root or a path cannot be.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from vlret.index.tables import NO_ROOT

    root = table["root"].to_numpy()
    if ((root < NO_ROOT) | (root >= n_roots)).any():
        raise ValueError("a file has a root that is not in the manifest")
    rooted = pa.array(root != NO_ROOT)
    _require_below(table["path"].filter(rooted))
    alone = table["path"].filter(pc.invert(rooted))
    _refuse(alone.filter(pc.invert(pc.match_substring_regex(alone, _ABSOLUTE))), "is not absolute")


def leads_out(path: str) -> bool:
    """Whether a relative path may lead out of its root."""
    return re.search(_LEADS_OUT.replace("$", r"\Z"), path) is not None


def _require(good: np.ndarray, ids: np.ndarray, what: str) -> None:
    if not good.all():
        raise ValueError(f"clip {ids[int(good.argmin())]} {what}")


def _require_below(paths: pa.ChunkedArray) -> None:
    import pyarrow.compute as pc

    unique = pc.unique(paths)
    _refuse(unique.filter(pc.match_substring_regex(unique, _LEADS_OUT)), "leads out of its root")


def _refuse(paths: pa.Array, what: str) -> None:
    if len(paths):
        raise ValueError(f"the path {printable(paths[0].as_py())[:80]} {what}")
