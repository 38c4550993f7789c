"""Trains the lists of a large view: k-means in float32, step by step so that progress can be shown."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm

from vlret.types import Vectors

ITERATIONS = 10
_POINTS = 39  # a list; FAISS warns below it


def n_lists_for(n: int) -> tuple[int, int]:
    """The lists of an index of `n` vectors, 4 sqrt(n) where training allows it, and the vectors to train them with."""
    n_lists = max(1, min(int(4 * n**0.5), n // _POINTS))
    return n_lists, min(n, n_lists * _POINTS)


def train_lists(vectors: Vectors, n_lists: int, bar: tqdm[Any]) -> tuple[Any, str]:
    """An empty FAISS index with `n_lists` centres trained on `vectors`, float32 [n, dim], and its factory string."""
    import faiss

    dim, kind = vectors.shape[1], f"IVF{n_lists},SQfp16"
    index: Any = faiss.index_factory(dim, kind, faiss.METRIC_INNER_PRODUCT)
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
