"""What was measured of an index of one size: the points that the model is calibrated on, and checked against."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from vlret.errors import UsageError

OURS = Path(__file__).parent / "results" / "2026-12-01.json"
"""The figures of docs/large-indexes.md, vljepa-mini (384 dimensions), ten clips a file; those of 100,000 and of ten
million clips calibrate the model."""


@dataclass(frozen=True, slots=True)
class Point:
    """An index of one size; seconds are medians, peaks are the most bytes that a process had resident.

    Attributes:
        clips: how many it has.
        kind: FAISS's factory string of its view; nprobe: lists that a search looks into, 0: all clips are compared.
        shard_bytes, view_bytes: a clip.
        build_s, build_peak_bytes: of a process that opens the index and makes its view.
        start_s, start_peak_bytes: of `vlret search` in a new process.
        faiss_s, index_s, searcher_s: of a search by FAISS alone, `Index.search` and `Searcher.search`.
    """

    clips: int
    kind: str
    nprobe: int
    shard_bytes: float
    view_bytes: float
    build_s: float
    build_peak_bytes: float
    start_s: float
    start_peak_bytes: float
    faiss_s: float
    index_s: float
    searcher_s: float


def read_points(path: Path) -> list[Point]:
    """The points of a file like `OURS`, or of a result.json of `vlret bench scale`, in ascending order of size.

    Raises:
        UsageError: it is neither.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if "points" in document:
            points = [Point(**values) for values in document["points"]]
        else:
            points = [_of_size(size) for size in document["sizes"]]
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{path} holds no sizes of vlret bench scale.", "Give the result.json that it wrote.",
            code="no_scale_result", path=path,
        ) from error  # fmt: skip
    return sorted(points, key=lambda point: point.clips)


def _of_size(size: Mapping[str, Any]) -> Point:
    view, warm = size["view"], size["warm"]
    return Point(
        size["clips"], view["type"], view["nprobe"], view["shard_bytes"], view["view_bytes"],
        size["build"]["seconds"], size["build"]["peak_bytes"], size["cold"]["p50_s"], size["cold_peak_bytes"],
        *(warm[name]["p50_s"] for name in ("faiss", "index", "searcher")),
    )  # fmt: skip


FIGURES = tuple(field.name for field in fields(Point))[3:]
"""The fields that the model predicts."""
