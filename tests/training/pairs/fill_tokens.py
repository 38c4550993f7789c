"""`python -m tests.training.pairs.fill_tokens TABLE FOLDER RANK N`: makes cached tokens, a file for each clip."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlret.evaluation.embeddings import array_cache
from vlret.training.pairs import make_tokens, read_pairs

MADE_BY = {"weights": "abc", "frames": 2}


def encode(clips: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
    """A token for each frame: its mean colour, its place and its number of rows."""
    return [
        np.stack([[*frame.mean((0, 1)), n, len(frame)] for n, frame in enumerate(clip)]).astype(np.float32)
        for clip in clips
    ]


def main(table: str, folder: str, rank: str, n: str) -> None:
    array_cache._SHARD_BYTES = 1
    sets = read_pairs([table], "/")
    make_tokens(sets, encode, Path(folder), MADE_BY, 2, rank=int(rank), n_processes=int(n), workers=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
