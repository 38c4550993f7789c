"""Hits with the times of their moments in place of the borders of their clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vlret.index.index import Index
from vlret.index.windows import Windows
from vlret.models.base import Embedder
from vlret.tasks.file_windows import windows_around
from vlret.tasks.moments import baseline_of, curve_of, moment_near
from vlret.text import printable
from vlret.types import Clip, Hit, Vectors


def hits_as_moments(
    index: Index, model: Embedder, vector: Vectors, hits: Sequence[Hit]
) -> tuple[list[Hit], list[str]]:
    """The hits of a query, float32 [dim], with the start and end of their moments; and of each file that cannot be
    read, whose hits stay as they are, a warning.

    Of several hits of one moment the best is kept, with its rank. An image, or a clip in which nothing stands out,
    stays as it is.
    """
    clips = {hit: Clip.from_row(hit.path, hit.start, hit.end) for hit in hits if hit.end > hit.start}
    windows = windows_around(index, model, clips.values())
    baseline = baseline_of(index, vector)
    found: list[Hit] = []
    failed: dict[str, str] = {}
    for hit in sorted(hits, key=lambda hit: hit.rank):
        near = windows[clips[hit]] if hit in clips else None
        if isinstance(near, str):
            failed[hit.path] = f"No moment of {printable(hit.path)}: {near}."
        placed = _placed(hit, near, vector, baseline) if isinstance(near, Windows) else hit
        if not any(_is_of(placed, better) for better in found):
            found.append(placed)
    order = {hit.rank: number for number, hit in enumerate(hits)}
    return sorted(found, key=lambda hit: order[hit.rank]), list(failed.values())


def _placed(hit: Hit, windows: Windows, vector: Vectors, baseline: float) -> Hit:
    moment = moment_near(curve_of(windows, vector, baseline), hit.start, hit.end)
    return replace(hit, start=moment.start, end=moment.end) if moment else hit


def _is_of(hit: Hit, moment: Hit) -> bool:
    return hit.path == moment.path and moment.start <= (hit.start + hit.end) / 2 < moment.end
