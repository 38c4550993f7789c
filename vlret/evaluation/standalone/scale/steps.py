"""The steps of `vlret bench scale` that run in processes of their own: `python -m THIS STEP INDEX [CLIPS]`.

Each prints its figures as one line of JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from vlret.evaluation.results.json_codec import encode
from vlret.evaluation.standalone.scale import drawn_index
from vlret.evaluation.standalone.scale.drawn_vectors import FILE_CLIPS
from vlret.evaluation.standalone.scale.result import View
from vlret.evaluation.standalone.scale.samples import drawn_vectors, load_embedder
from vlret.evaluation.standalone.scale.searches import filtered, recalls, warm
from vlret.index.index import Index
from vlret.index.requested_recipe import RequestedRecipe
from vlret.index.store import VIEW, Store

_CLIPS = f"window:{drawn_index.CLIP_S:g}"


def write(folder: Path, n_clips: int) -> dict[str, int]:
    """Write the shards of an index with `n_clips` clips, or add what is missing."""
    model = load_embedder()
    recipe = RequestedRecipe(model, _CLIPS, None, "midpoint", "auto", "auto", "float32").recipe(model)
    store = Store(folder)
    drawn_index.extend(store, recipe, drawn_vectors(model), n_clips)
    return {"clips": n_clips, "files": n_clips // FILE_CLIPS, "shards": len(store.read_manifest().shards)}


def build(folder: Path) -> None:
    """Build the view, as the first search would."""
    Index.open(folder).backend.info()


def view(folder: Path) -> View:
    """What the view is, and what it takes."""
    index = Index.open(folder)
    files = list((folder / VIEW).iterdir())
    n_bytes = {
        "faiss_bytes": sum(file.stat().st_size for file in files if file.suffix == ".faiss"),
        "view_bytes": sum(file.stat().st_size for file in files),
        "shard_bytes": sum(entry.bytes for entry in index.manifest.shards),
    }
    about = index.info()["view"]
    per_clip = {name: n / len(index) for name, n in n_bytes.items()}
    return View(about["type"], about["nprobe"], about["recall_at_10"], **per_clip)


STEPS: dict[str, Callable[..., object]] = {
    "write": write, "build": build, "view": view, "warm": warm, "recalls": recalls, "filtered": filtered,
}  # fmt: skip


def main(step: str, folder: str, *n_clips: str) -> None:
    """Run a step and print its figures."""
    print(json.dumps(encode(STEPS[step](Path(folder), *map(int, n_clips)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
