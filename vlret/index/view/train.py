"""Trains the lists of a large view: k-means, step by step so that progress can be shown."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm

from vlret.index.view.codes import QUERY_BITS, n_lists_for
from vlret.types import Vectors

ITERATIONS = 5
_POINTS = 39  # a list; FAISS warns below it


def n_points_for(n: int) -> int:
    """How many of `n` vectors lists are trained with."""
    return min(n, n_lists_for(n) * _POINTS)


def train_lists(vectors: Vectors, codes: str, bar: tqdm[Any]) -> tuple[Any, str]:
    """An empty FAISS index with lists trained on `vectors`, float32 [n, dim], and its factory string."""
    import faiss

    n, dim = vectors.shape
    n_lists = max(1, n // _POINTS)
    kind = f"IVF{n_lists},{codes}"
    index: Any = faiss.index_factory(dim, kind, faiss.METRIC_INNER_PRODUCT)
    if codes == "RaBitQ":
        index.qb = QUERY_BITS
    index.quantizer.add(_centres(vectors, n_lists, bar))
    index.train(vectors)  # the codes alone: the lists have their centres
    return index, kind


def _centres(vectors: Vectors, n_lists: int, bar: tqdm[Any]) -> Vectors:
    import faiss

    centres: Any = None
    for _ in range(ITERATIONS):
        step = faiss.Kmeans(
            vectors.shape[1], n_lists, niter=1, spherical=True, max_points_per_centroid=len(vectors)
        )
        step.train(vectors, init_centroids=centres)
        centres = step.centroids
        bar.update(len(vectors))
    found: Vectors = centres
    return found
