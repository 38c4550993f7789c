"""Videos to segments: runs of windows that belong together, each with the embedding to decode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlret.errors import UsageError
from vlret.index.index import Index
from vlret.index.windows import LENGTH_S, RATE_HZ, Windows, embed_windows
from vlret.models.base import Embedder
from vlret.models.inputs import ordered
from vlret.segmentation.checks import check_threshold, not_one
from vlret.segmentation.spans import spans, window_starts
from vlret.tasks.index_model import as_embedder, is_index, model_for_index, open_index
from vlret.types import Segment, as_path, check_count
from vlret.vectors import unit_vector


def segment(
    source: Index | str | Path | Iterable[str | Path],
    *,
    model: Embedder | str | Path | None = None,
    n_segments: int | None = None,
    threshold: float | None = None,
    rate_hz: float = RATE_HZ,
    length_s: float = LENGTH_S,
) -> list[Segment]:
    """Return the segments of videos, in order of time: where the meaning of a video changes, a new one begins.

    Neighbouring windows are merged by Ward's linkage as long as they are alike (`vlret.segmentation.ward`).

    Args:
        source: a video or image, or several in a list; or an open index or its directory, whose clips are the windows
            (nothing is decoded, and `rate_hz` and `length_s` have no effect).
        model: an embedder or its name. Files need one; an index refuses any other than its own.
        n_segments: segments of each file; fewer where it has fewer windows.
        threshold: how different neighbouring segments remain at least, if `n_segments` is not given: see
            `vlret.segmentation.spans`. The default fits vljepa-mini.
        rate_hz, length_s: windows a second and seconds of each, as in `vlret.index.windows.embed_windows`.

    Raises:
        UsageError: no model for files, both `n_segments` and `threshold`, or one that is out of bounds.
        MediaError: a file cannot be read; same reasons as in an index run.
        IndexFolderError: there is no such index, or another model made it.
    """
    _check_stop(n_segments, threshold)
    if isinstance(source, (str, Path)) and is_index(source):
        source = open_index(source)
    if isinstance(source, Index):
        if model is not None:
            model_for_index(source, model)
        files = _of_index(source)
    else:
        files = _of_media(source, model, rate_hz, length_s)
    return [found for path, windows in files for found in cut(path, windows, n_segments, threshold)]


def cut(
    path: str, windows: Windows, n_segments: int | None = None, threshold: float | None = None
) -> list[Segment]:
    """Return the segments of one file from its windows; arguments as in `segment`."""
    _check_stop(n_segments, threshold)
    if n_segments is not None:
        n_segments = min(n_segments, len(windows.vectors))
    starts = window_starts(windows.starts_s, windows.vectors, n_segments, threshold)
    bounds = spans(windows.starts_s, windows.ends_s, starts)
    rows = np.split(np.arange(len(windows.vectors)), starts[1:])
    return [
        _segment(path, windows, start, end, part) for (start, end), part in zip(bounds, rows, strict=True)
    ]


def _check_stop(n_segments: int | None, threshold: float | None) -> None:
    if n_segments is not None and threshold is not None:
        raise not_one(n_segments, threshold)
    if n_segments is not None:
        check_count(n_segments, "n_segments")
    if threshold is not None:
        check_threshold(threshold)


def _segment(path: str, windows: Windows, start: float, end: float, rows: NDArray[np.int64]) -> Segment:
    centres = (windows.starts_s[rows] + windows.ends_s[rows]) / 2
    middle = int(np.abs(centres - (start + end) / 2).argmin())
    vectors = windows.vectors[rows]
    return Segment(path, start, end, float(centres[middle]), vectors[middle], unit_vector(vectors.mean(0)))


def _of_media(
    source: str | Path | Iterable[str | Path],
    model: Embedder | str | Path | None,
    rate_hz: float,
    length_s: float,
) -> Iterator[tuple[str, Windows]]:
    if model is None:
        raise UsageError(
            "A model is needed to segment videos.", "Give model='vljepa-mini' or another.", code="no_model"
        )
    embedder = as_embedder(model)
    sources = [source] if isinstance(source, (str, Path)) else ordered(source, "sources")
    for path in [as_path(given, "A source") for given in sources]:
        yield str(path), embed_windows(embedder, path, rate_hz, length_s)


def _of_index(index: Index) -> Iterator[tuple[str, Windows]]:
    """The clips of each file in order of time; rows of an image end where they start."""
    vectors, clips = index.vectors(), index.rows().reset_index(drop=True)
    for path, rows in clips.sort_values("start", kind="stable").groupby("path", sort=False):
        starts, ends = rows["start"].to_numpy(np.float64), rows["end"].to_numpy(np.float64)
        yield str(path), Windows(starts, ends, vectors[rows.index.to_numpy()], float(ends.max()))
