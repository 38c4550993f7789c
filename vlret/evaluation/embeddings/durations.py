"""How long media are, as decoding found it, kept between runs: a run from the cache decodes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vlret.evaluation.embeddings.cache import ArrayCache
from vlret.evaluation.embeddings.encoding_version import ENCODING_VERSION
from vlret.evaluation.embeddings.model_embeddings import Piece
from vlret.media.info import MediaInfo


class Lengths:
    """Seconds of pieces by their content, below the folder of the cache."""

    def __init__(self, cache: Path) -> None:
        self._kept = ArrayCache(cache, {"encoding_version": ENCODING_VERSION, "kind": "lengths"})

    def put(self, piece: Piece, info: MediaInfo) -> None:
        """Keep how much of its file, of which `info` tells, a piece is; an image has no length."""
        if info.kind == "video":
            end = info.duration if piece.end is None else min(piece.end, info.duration)
            self._kept.put(piece.key, np.array([end - piece.start]))

    def seconds(self, piece: Piece) -> float | None:
        """Of what was decoded; else from start to end; None where neither is known, and for images."""
        kept = self._kept.get(piece.key)
        if kept is not None:
            return round(float(kept[0]), 3)
        return None if piece.end is None else round(piece.end - piece.start, 3)

    def flush(self) -> None:
        """Write what is new to the cache."""
        self._kept.flush()
