"""Embeddings of media files in a Ray Data pipeline: python ray_data.py FOLDER OUT (a directory of Parquet files).

The class is given to Ray Data, which makes one object in each actor; the model is loaded there, once.
"""

from __future__ import annotations

import sys
from pathlib import Path

import ray

import vlret


def main(folder: str, out: str) -> None:
    """Embed every .mp4 file below `folder`."""
    files = [{"path": str(path)} for path in sorted(Path(folder).absolute().rglob("*.mp4"))]
    clips = ray.data.from_items(files).map_batches(
        vlret.ClipEncoder,
        fn_constructor_kwargs={"model": "vljepa-mini"},
        batch_size=16,
        compute=ray.data.ActorPoolStrategy(size=1),  # as many as there are GPUs, with num_gpus=1
        memory=2 * 10**9,  # of an actor: Ray does not measure what decoding takes
    )
    clips.write_parquet(out)  # path, embedding, error


if __name__ == "__main__":
    main(*sys.argv[1:])
