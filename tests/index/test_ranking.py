"""How a filter reaches the back end: few clips are all compared, of many those in the nearest lists."""

from __future__ import annotations

import faiss
import numpy as np
import pytest

from tests.index.synthetic import unit_rows
from vlret.index import ranking
from vlret.index.backends.faiss_backend import FaissBackend
from vlret.index.backends.vector_files import VectorFiles
from vlret.index.ranking import best_clips, is_exact

N, DIM, N_LISTS = 4000, 16, 40
IDS = np.arange(N) * 3 + 5


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """Clips around 100 centres."""
    noisy = unit_rows(100, DIM)[np.arange(N) % 100] + 0.5 * unit_rows(N, DIM, seed=1)
    return (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def backend(vectors: np.ndarray) -> FaissBackend:
    kind = f"IVF{N_LISTS},Flat"
    index = faiss.index_factory(DIM, kind, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
    made = FaissBackend(index, kind, nprobe=4)
    made.add(IDS, vectors)
    return made


def found(backend: FaissBackend, query: np.ndarray, k: int, only: np.ndarray | None) -> list[int]:
    rows, _ = best_clips(backend, query, k, IDS, IDS, only)
    return IDS[rows].tolist()


def oracle(vectors: np.ndarray, query: np.ndarray, k: int, only: np.ndarray) -> list[int]:
    scores = vectors[np.searchsorted(IDS, only)] @ query
    return only[np.argsort(-scores)[:k]].tolist()


def test_few_clips_are_all_compared(backend, vectors) -> None:
    for query in unit_rows(20, DIM, seed=2):
        for only in (IDS[:3500], IDS[::7], IDS[100:103], IDS[:0]):
            assert is_exact(backend, only)
            assert found(backend, query, 10, only) == oracle(vectors, query, 10, only)
    assert not is_exact(backend)
    assert is_exact(FaissBackend.exact(DIM))


def test_of_many_clips_the_nearest_lists_are_looked_into(backend, vectors, monkeypatch) -> None:
    monkeypatch.setattr(ranking, "MOST_COMPARED", 100)
    queries, only = unit_rows(50, DIM, seed=2), IDS[::4]
    assert not is_exact(backend, only)
    hits = [found(backend, query, 10, only) for query in queries]
    best = [oracle(vectors, query, 10, only) for query in queries]
    assert all(len(ids) == 10 and set(ids) <= set(only.tolist()) for ids in hits)
    recall = np.mean([len({*ids} & {*wanted}) / 10 for ids, wanted in zip(hits, best, strict=True)])
    assert recall > 0.9
    assert hits != best


@pytest.mark.parametrize("k", [1, 30, 101, 500])
def test_k_hits_come_back_where_the_nearest_lists_have_fewer(backend, vectors, monkeypatch, k) -> None:
    """All clips that the filter allows are far from the query."""
    monkeypatch.setattr(ranking, "MOST_COMPARED", 10)
    query = unit_rows(1, DIM)[0]
    only = np.sort(IDS[np.argsort(vectors @ query)[:101]])
    backend_of_one = FaissBackend(backend.index, backend.kind, nprobe=1)
    hits = found(backend_of_one, query, k, only)
    assert len(hits) == min(k, 101)
    assert k < 30 or hits == oracle(vectors, query, k, only)


@pytest.mark.parametrize(
    ("n_allowed", "n_lists"), [(N, 4), (N // 2, 8), (N // 3 + 1, 12), (1000, 16), (20, N_LISTS)]
)
def test_the_fewer_clips_a_filter_allows_the_more_lists_are_looked_into(backend, n_allowed, n_lists) -> None:
    assert backend._parameters(IDS[:n_allowed], False).nprobe == n_lists
    assert backend._parameters(IDS[:n_allowed], True).nprobe == N_LISTS


def test_all_clips_of_a_filter_are_sorted_by_cosine(backend, vectors) -> None:
    query, only = unit_rows(1, DIM, seed=2)[0], IDS[::2]
    for k in (len(only), N):
        scores, ids = backend.search(query, k, only)
        assert ids.tolist() == oracle(vectors, query, N, only)
        assert scores == pytest.approx(np.sort(vectors[::2] @ query)[::-1], abs=1e-6)


def test_codes_are_passed_by_where_few_clips_are_allowed(vectors) -> None:
    """Clips that are dropped still have vectors in their shards."""
    half, dropped = vectors.astype(np.float16), IDS[::50]
    index = faiss.index_factory(DIM, "IVF4,PQ2x4", faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
    coded = FaissBackend(index, "IVF4,PQ2x4", nprobe=1, vectors=VectorFiles([(IDS, half)]))
    coded.add(IDS, vectors)
    coded.remove(dropped)
    allowed = np.setdiff1d(IDS[::5], dropped)
    for query in unit_rows(5, DIM, seed=2):
        _, ids = coded.search(query, 10, IDS[::5], exact=True)
        assert ids.tolist() == oracle(half.astype(np.float32), query, 10, allowed)
        assert len(coded.search(query, N, IDS[::5])[1]) == len(allowed)
