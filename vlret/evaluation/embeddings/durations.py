"""Durations of media as decoding found them, kept between runs: a run from the cache decodes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vlret.evaluation.embeddings.array_cache import ArrayCache
from vlret.evaluation.embeddings.encoding_version import ENCODING_VERSION
from vlret.evaluation.embeddings.source import MediaItem
from vlret.media.info import MediaInfo


class Durations:
    """Seconds of media items by their content, below the directory of the cache."""

    def __init__(self, cache: Path) -> None:
        self._cache = ArrayCache(cache, {"encoding_version": ENCODING_VERSION, "kind": "lengths"})

    def put(self, item: MediaItem, info: MediaInfo) -> None:
        """Keep how much of its file, which `info` describes, an item covers; an image has no duration."""
        if info.kind == "video":
            end = info.duration if item.end is None else min(item.end, info.duration)
            self._cache.put(item.key, np.array([end - item.start]))

    def seconds(self, item: MediaItem) -> float | None:
        """Of what was decoded; else from start to end; None where neither is known, and for images."""
        kept = self._cache.get(item.key)
        if kept is not None:
            return round(float(kept[0]), 3)
        return None if item.end is None else round(item.end - item.start, 3)

    def flush(self) -> None:
        """Write what is new to the cache."""
        self._cache.flush()
