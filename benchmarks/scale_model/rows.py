"""What the rows of an index take, without its vectors: `python -m benchmarks.scale_model.rows --clips 1M`.

An index of drawn clips with vectors of 8 numbers is written to a temporary directory. Then, each in a process of its
own: its columns are built, it is opened as every search opens it, and it is read as an index run reads it before it
looks at a file. Printed are seconds and the most memory of each beyond a process that only imports vlret.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.console import launch
from benchmarks.scale_model.sizes import shown, shown_s, size_of
from vlret.evaluation.standalone.scale import drawn_index
from vlret.evaluation.standalone.scale.child import run_child
from vlret.evaluation.standalone.scale.drawn_vectors import FILE_CLIPS, DrawnVectors
from vlret.index.index import Index
from vlret.index.manifest import IndexRecipe
from vlret.index.plan import make_plan
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.media.sources import Found
from vlret.models.base import ModelCard
from vlret.reports.text_table import aligned
from vlret.vectors import unit_rows

_DIM = 8


def main(clips: Annotated[str, typer.Option(help="Number of clips.")] = "1M") -> None:
    """Print a table."""
    n = size_of(clips) // FILE_CLIPS * FILE_CLIPS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _child(f"write {n}", folder)  # what this process held would count as its children's
        least = _child("nothing", folder)[1]
        rows = [_row(title, n, least, *_child(step, folder)) for step, title in _TITLES.items()]
    print("\n".join(aligned([[f"{n:,} clips", "seconds", "memory", "bytes a clip"], *rows])))


_TITLES = {
    "open": "building the columns",
    "open_again": "opening the index",
    "run": "the files of an index run",
}


def _row(title: str, n: int, least: int, seconds: float, peak: int) -> list[str]:
    return [title, shown_s(seconds), shown(peak - least), f"{(peak - least) / n:.0f}"]


def _child(step: str, folder: Path) -> tuple[float, int]:
    """Seconds of a step alone, and the most memory of its process."""
    ended = run_child(["benchmarks.scale_model.rows", step, folder])
    return float(ended.figures), ended.process.peak_bytes or 0


def _recipe() -> IndexRecipe:
    card = ModelCard("drawn", "1", "0" * 64, _DIM, 8, 32, "squash", "MIT", ("{}",), 0.1, 77)
    return IndexRecipe("drawn", card, "", "float32", "window:5", 8, "midpoint", "pyav")


def _drawn() -> DrawnVectors:
    return DrawnVectors.around(unit_rows(np.random.default_rng(0).normal(size=(50, _DIM))))


def step(name: str, folder: Path) -> float:
    """Seconds that a step takes in this process."""
    start = time.perf_counter()
    if name.startswith("write "):
        drawn_index.extend(Store(folder), _recipe(), _drawn(), int(name.removeprefix("write ")))
    elif name.startswith("open"):
        Index.open(folder)
    elif name == "run":
        make_plan(Found([], []), Snapshot.read(Store(folder)))
    return time.perf_counter() - start


if __name__ == "__main__":
    if sys.argv[1:2] and not sys.argv[1].startswith("-"):
        print(json.dumps(step(sys.argv[1], Path(sys.argv[2]))))
    else:
        launch(main)
