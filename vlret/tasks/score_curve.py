"""The score curve of a video: how well each moment of it fits a query."""

from __future__ import annotations

import math

import numpy as np

from vlret.errors import UsageError
from vlret.index.index import Index
from vlret.index.windows import Windows
from vlret.media.unreadable_error import UnreadableError
from vlret.models.base import Embedder
from vlret.tasks.file_windows import part_of, windows_in
from vlret.tasks.moments import ScoreCurve, baseline_of, curve_of
from vlret.text import printable
from vlret.types import Clip, Vectors


def score_curve(index: Index, model: Embedder | None, vector: Vectors, part: Clip) -> ScoreCurve:
    """The scores of a query, float32 [dim], over the windows of a video that start in `part`, two a second.

    Args:
        model: that of `index`, which embeds windows that are not stored; None: where none are stored, the clips of
            `index` are the windows, and nothing is decoded.

    Raises:
        MediaError: the file cannot be read.
        UsageError: without `model`, a file that is not in the index.
    """
    windows = _stored(index, part) if model is None else windows_in(index, model, [part])[part]
    if isinstance(windows, str):
        raise UnreadableError(part.path, windows, "Check that it plays in a player.", code="media_unreadable")
    return curve_of(windows, vector, baseline_of(index, vector))


def _stored(index: Index, part: Clip) -> Windows | str:
    if windows := index.windows(part.path):
        return part_of(windows, part)
    clips, columns = index.clips_at(part.path), index.columns
    clips = clips[np.argsort(columns.starts[clips], kind="stable")]
    starts = columns.starts[clips]
    clips = clips[(starts >= part.start) & (starts < (math.inf if part.end is None else part.end))]
    if not len(clips):
        raise UsageError(
            f"{printable(part.path)} is not in {printable(index.place)}.", "Index it.",
            code="file_not_in_index", given=str(part.path),
        )  # fmt: skip
    ends = columns.ends[clips]
    return Windows(
        columns.starts[clips], ends, index.vectors(index.clip_ids[clips].tolist()), float(ends.max())
    )
