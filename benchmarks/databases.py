"""Searches in a database by its effort: `python -m benchmarks.databases qdrant:DIR --clips 100000`, on an idle machine.

Drawn clips, as those of `vlret bench scale`, are written into a table of the database, which must be empty. The queries
are sentences and clips that are not there. Recall is the share of the ten nearest, as numpy finds them, that a search
finds; times are medians, one query at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Annotated, TypeVar

import numpy as np
import typer

from benchmarks.console import launch
from vlret.errors import UsageError
from vlret.evaluation.standalone.scale.drawn_vectors import FILE_CLIPS, DrawnVectors
from vlret.evaluation.standalone.scale.samples import (
    clip_queries,
    drawn_vectors,
    load_embedder,
    text_queries,
)
from vlret.index.backends.database import Database
from vlret.index.backends.databases import open_database
from vlret.types import Ids, Vectors

K = 10
_STEP_FILES = 1000
_ROW = "{:>10}{:>14}{:>14}{:>12}"
T = TypeVar("T")


def main(
    address: Annotated[str, typer.Argument(help="As for vlret push, of a table that is empty.")],
    clips: Annotated[int, typer.Option(help="Clips to draw.")] = 100_000,
) -> None:
    """Print recall and time by effort."""
    drawn = drawn_vectors(load_embedder())
    queries = {"sentences": text_queries(), "clips": clip_queries(drawn)}
    database = open_database(address, drawn.real.shape[1])
    if len(database.ids()):
        raise UsageError(f"{database.address} is not empty.", "Name another table with # at its end.")
    print(f"{database.address}, {clips} clips of {database.dim} numbers")
    nearest = _written(database, drawn, clips, queries)
    print(f"written in {_timed(lambda: database.optimize(approximate=False))[1]:.1f} s after the last row")
    print(_ROW.format("effort", *(f"recall, {name}" for name in queries), "ms a query"))
    _measure(database, queries, nearest)
    print(f"approximate index in {_timed(lambda: database.optimize(approximate=True))[1]:.1f} s")
    for effort in database.efforts:
        database.effort = effort
        _measure(database, queries, nearest)
    database.close()


def _written(
    database: Database, drawn: DrawnVectors, n_clips: int, queries: dict[str, Vectors]
) -> dict[str, Ids]:
    """Write the clips; the `K` nearest to each query, int64 [q, K], by numpy."""
    best = {name: (np.full((len(q), 0), 0.0), np.empty((len(q), 0), np.int64)) for name, q in queries.items()}
    seconds = 0.0
    for first in range(0, n_clips // FILE_CLIPS, _STEP_FILES):
        vectors = drawn.of_files(first, min(_STEP_FILES, n_clips // FILE_CLIPS - first))
        ids = first * FILE_CLIPS + np.arange(len(vectors))
        seconds += _timed(lambda ids=ids, vectors=vectors: database.add(ids, vectors))[1]
        best = {name: _better(*best[name], queries[name] @ vectors.T, ids) for name in queries}
    print(f"rows written in {seconds:.1f} s")
    return {name: ids for name, (_, ids) in best.items()}


def _better(scores: Vectors, ids: Ids, new_scores: Vectors, new_ids: Ids) -> tuple[Vectors, Ids]:
    """The `K` best of what was found and what is new, [q, K]."""
    scores = np.hstack([scores, new_scores])
    ids = np.hstack([ids, np.broadcast_to(new_ids, new_scores.shape)])
    order = np.argsort(-scores, axis=1)[:, :K]
    return np.take_along_axis(scores, order, 1), np.take_along_axis(ids, order, 1)


def _measure(database: Database, queries: dict[str, Vectors], nearest: dict[str, Ids]) -> None:
    """Print a line: recall of each kind of query, and the median of all times."""
    recalls, seconds = [], []
    for name, vectors in queries.items():
        found = [_timed(lambda query=query: database.search(query, K)[1]) for query in vectors]
        seconds += [spent for _, spent in found]
        shares = [np.isin(near, ids).mean() for near, (ids, _) in zip(nearest[name], found, strict=True)]
        recalls.append(float(np.mean(shares)))
    effort = database.effort or "exact"
    print(_ROW.format(effort, *(f"{recall:.3f}" for recall in recalls), f"{median(seconds) * 1000:.2f}"))


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    made = work()
    return made, time.perf_counter() - start


if __name__ == "__main__":
    launch(main)
