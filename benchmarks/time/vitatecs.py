"""VITATECS, on the few of its clips that are there: a caption against one in which a single aspect was changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.time.clips import SourceClip
from benchmarks.time.rows import Row, accuracy
from vlret.datasets.files import read_records
from vlret.models.base import Embedder


def vitatecs_row(embedder: Embedder, annotations: Path, clips: Sequence[SourceClip]) -> Row:
    """Return how often a clip lies nearer to its caption than to the changed one."""
    of_name = {clip.name: clip for clip in clips}
    rows = [
        row
        for file in sorted(annotations.glob("*.jsonl"))
        for row in read_records(file)
        if row["src_dataset"] == "MSRVTT" and row["video_name"] in of_name
    ]
    names = [row["video_name"] for row in rows]
    vectors = embedder.embed_clips([of_name[name].pixels for name in names])
    right, changed = (
        embedder.embed_texts([row[key] for row in rows]) for key in ("caption", "counterfactual")
    )
    margin = (vectors * (right - changed)).sum(1)
    return accuracy("VITATECS, the clips that are there", np.where(margin == 0, 0.5, margin > 0), names)
