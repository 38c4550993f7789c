"""Embeddings of media files in a Daft query: python daft_udf.py FOLDER OUT (a directory of Parquet files)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import daft
from daft import DataType, Series

import vlret

ROW = DataType.struct({"embedding": DataType.list(DataType.float32()), "error": DataType.string()})


@daft.cls(max_concurrency=1)
class Encode:
    """One model in each process; `gpus=1` reserves a GPU for it."""

    def __init__(self) -> None:
        self.encoder = vlret.ClipEncoder("vljepa-mini")

    @daft.method.batch(return_dtype=ROW, batch_size=16)
    def __call__(self, path: Series) -> list[dict[str, Any]]:
        """Return the embedding and the error of each path."""
        found = self.encoder({"path": path})
        return [
            {"embedding": vector.tolist(), "error": str(error)}
            for vector, error in zip(found["embedding"], found["error"], strict=True)
        ]


def main(folder: str, out: str) -> None:
    """Embed every .mp4 file below `folder`."""
    paths = [str(path) for path in sorted(Path(folder).absolute().rglob("*.mp4"))]
    clips = daft.from_pydict({"path": paths}).with_column("clip", Encode()(daft.col("path")))
    clip = daft.col("clip")
    clips.select("path", clip.get("embedding"), clip.get("error")).write_parquet(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
