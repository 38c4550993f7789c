"""Changes files and writes them into an index over and over, with compactions between."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.index.stand_in import CircleEmbedder, TextPool, write_text_video
from vlret.index import build, writer
from vlret.index.index import Index

build.DecodePool = TextPool  # type: ignore[assignment, misc]
writer.SHARD_CLIPS = 4

if __name__ == "__main__":
    library, folder = map(Path, sys.argv[1:])
    for turn in range(30):
        for number in range(4):
            write_text_video(library / f"churn{number}.mp4", *[turn] * (2 + 2 * (turn % 2)))
        build.build_index(library, folder, CircleEmbedder(), progress=False)
        if turn % 3 == 2:
            Index.open(folder).compact()
