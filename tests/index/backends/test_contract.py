"""What every back end does, against cosines sorted by plain Python.

A new back end is entered in `BACKENDS`: a function from the number of dimensions to an empty one. A database is entered
in `places.DATABASES`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.index.backends.places import DATABASES
from tests.index.synthetic import index_with, synthetic_index, unit_rows
from vlret.errors import UsageError
from vlret.index.backends.base import BackendInfo, SearchBackend, check_unit
from vlret.index.backends.faiss_backend import FaissBackend
from vlret.index.backends.numpy_backend import NumpyBackend
from vlret.index.filter import Filter
from vlret.index.ranking import best_clips

DIM = 12


class ListBackend:
    """A back end in a few lines, as somebody outside of vlret would add one."""

    def __init__(self, dim: int) -> None:
        self.dim, self.vectors = dim, {}

    def add(self, ids, vectors):
        check_unit(vectors, self.dim)
        self.vectors |= dict(zip(ids.tolist(), vectors, strict=True))

    def remove(self, ids):
        for clip_id in ids.tolist():
            self.vectors.pop(clip_id, None)

    def search(self, query, k, only=None, exact=False):
        check_unit(query[None], self.dim)
        ids = self.vectors if only is None else self.vectors.keys() & set(only.tolist())
        found = [(float(self.vectors[clip_id] @ query), clip_id) for clip_id in ids]
        best = sorted(found, reverse=True)[:k]  # ties by falling clip_id
        return np.array([score for score, _ in best], np.float32), np.array([i for _, i in best], np.int64)

    def info(self):
        return BackendInfo("list", len(self.vectors), is_exact=True, recall_at_10=1.0)


def with_lists(dim: int) -> FaissBackend:
    """FAISS with inverted lists, of which a search looks into one."""
    import faiss

    kind = "IVF4,Flat"
    index = faiss.index_factory(dim, kind, faiss.METRIC_INNER_PRODUCT)
    index.train(unit_rows(200, dim, seed=5))
    return FaissBackend(index, kind, nprobe=1)


BACKENDS: dict[str, Callable[[int], SearchBackend]] = {
    "numpy": NumpyBackend,
    "faiss": FaissBackend.exact,
    "faiss with lists": with_lists,
    "in a test": ListBackend,
}


@pytest.fixture(params=[*BACKENDS, *DATABASES])
def make(request: pytest.FixtureRequest) -> Callable[[int], SearchBackend]:
    name = request.param
    return BACKENDS[name] if name in BACKENDS else request.getfixturevalue(name).open


@pytest.fixture
def vectors() -> np.ndarray:
    return unit_rows(300, DIM)


IDS = np.arange(300) * 7 + 1000  # neither positions nor without gaps


@pytest.fixture
def backend(make: Callable[[int], SearchBackend], vectors: np.ndarray) -> SearchBackend:
    made = make(DIM)
    made.add(IDS[:100], vectors[:100])
    made.add(IDS[100:], vectors[100:])
    return made


def nearest(vectors: np.ndarray, query: np.ndarray, keep: np.ndarray, k: int) -> list[int]:
    scores = {int(i): float(v @ query) for i, v, good in zip(IDS, vectors, keep, strict=True) if good}
    return sorted(scores, key=lambda i: (-scores[i], i))[:k]


ALL = np.ones(300, bool)
QUERIES = unit_rows(5, DIM, seed=1)


@pytest.mark.parametrize("k", [1, 10, 299, 300, 1000])
def test_exact_search_finds_the_nearest_best_first(backend, vectors, k):
    for query in QUERIES:
        scores, ids = backend.search(query, k, exact=True)
        assert ids.tolist() == nearest(vectors, query, ALL, k)
        assert scores == pytest.approx(
            [float(vectors[np.searchsorted(IDS, i)] @ query) for i in ids], abs=1e-3
        )
        assert (scores.dtype, ids.dtype) == (np.float32, np.int64)


def test_a_search_that_need_not_be_exact_returns_ids_that_are_there(backend):
    scores, ids = backend.search(QUERIES[0], 10)
    assert 1 <= len(ids) == len(scores) <= 10
    assert set(ids.tolist()) <= set(IDS.tolist())
    assert (np.diff(scores) <= 0).all()
    assert backend.info().is_exact <= (len(ids) == 10)


FILTERS = {
    "some": (IDS[::30], np.arange(300) % 30 == 0),
    "half": (IDS[::2], np.arange(300) % 2 == 0),
    "most": (IDS[5:], np.arange(300) >= 5),
    "all": (IDS, ALL),
    "one, and some unknown": (np.array([-3, 1, IDS[7], 10**4]), np.arange(300) == 7),
    "one, and one far off": (np.array([IDS[7], 10**12]), np.arange(300) == 7),
    "unknown ones": (np.array([-1, 1]), ~ALL),
    "none": (IDS[:0], ~ALL),
}


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("k", [1, 5, 300])
def test_a_filter_is_applied_before_the_nearest_are_taken(backend, vectors, name, k):
    only, keep = FILTERS[name]
    for query in QUERIES:
        _, ids = backend.search(query, k, only, exact=True)
        assert ids.tolist() == nearest(vectors, query, keep, k)
        assert len(ids) == min(k, keep.sum())


def test_filters_may_change_from_search_to_search(backend, vectors):
    for name in ("some", "half", "some"):
        only, keep = FILTERS[name]
        assert backend.search(QUERIES[0], 5, only, True)[1].tolist() == nearest(vectors, QUERIES[0], keep, 5)
    assert backend.search(QUERIES[0], 5, None, True)[1].tolist() == nearest(vectors, QUERIES[0], ALL, 5)


def test_removed_clips_are_found_no_more_and_may_come_back(backend, vectors):
    only, keep = FILTERS["some"]
    backend.search(QUERIES[0], 5, only, True)
    gone = np.isin(IDS, IDS[:150])
    backend.remove(np.append(IDS[:150], 5))
    assert backend.info().n_vectors == 150
    for filtered, where in ((None, ~gone), (only, keep & ~gone)):
        ids = backend.search(QUERIES[0], 300, filtered, True)[1]
        assert ids.tolist() == nearest(vectors, QUERIES[0], where, 300)
    for name in ("half", "some"):  # what a filter let through before must not be remembered
        backend.search(QUERIES[0], 5, FILTERS[name][0], True)
    backend.add(IDS[:150], vectors[:150])
    for filtered, where in ((None, ALL), (only, keep)):
        ids = backend.search(QUERIES[0], 300, filtered, True)[1]
        assert ids.tolist() == nearest(vectors, QUERIES[0], where, 300)


def test_an_empty_back_end_finds_nothing(make):
    empty = make(DIM)
    scores, ids = empty.search(QUERIES[0], 5, exact=True)
    assert (len(scores), len(ids)) == (0, 0)
    assert len(empty.search(QUERIES[0], 5, IDS[:2], True)[1]) == 0
    assert empty.info().n_vectors == 0
    empty.remove(IDS[:3])
    empty.add(IDS[:1], unit_rows(1, DIM))
    assert empty.search(QUERIES[0], 5, exact=True)[1].tolist() == [IDS[0]]


@pytest.mark.parametrize("only", [None, IDS])
@pytest.mark.parametrize("k", [1, 5, 64, 400])
def test_ties_are_settled_by_clip_id(make, k, only):
    """With the ranking above it: the k best by (-cosine, clip_id), one of each file."""
    kinds = np.random.default_rng(0).choice(3, 300, p=[0.02, 0.38, 0.6])
    vectors, backend = unit_rows(3, DIM)[kinds], make(DIM)
    backend.add(IDS, vectors)
    for files in (np.arange(300), np.arange(300) // 2):
        for query in QUERIES[:2]:
            order = np.lexsort((IDS, -(unit_rows(3, DIM) @ query)[kinds]))
            expected = pd.Series(order).drop_duplicates().groupby(files[order]).head(1).tolist()[:k]
            found, _ = best_clips(backend, query, k, IDS, files, only)
            assert found.tolist() == expected


@pytest.mark.parametrize(
    ("vectors", "code"),
    [
        (np.zeros((1, DIM)), "vector_not_unit"),
        (np.full((1, DIM), np.nan), "vector_not_unit"),
        (unit_rows(1, DIM) * 1.01, "vector_not_unit"),
        (unit_rows(1, DIM + 1), "vector_shape"),
    ],
)
def test_only_unit_vectors_of_the_right_shape_are_taken(make, vectors, code):
    backend, vectors = make(DIM), vectors.astype(np.float32)
    with pytest.raises(UsageError) as caught:
        backend.add(IDS[:1], vectors)
    assert caught.value.code == code
    assert backend.info().n_vectors == 0
    with pytest.raises(UsageError) as caught:
        backend.search(vectors[0], 1)
    assert caught.value.code == code


@pytest.mark.parametrize("only", [None, "f00*", Filter(clip_ids=(3, 250, 251))])
@pytest.mark.parametrize("one_per_file", [True, False])
def test_an_index_finds_the_same_with_each(make, tmp_path, one_per_file, only):
    index = synthetic_index(tmp_path / "index", unit_rows(300, DIM), [100, 1, *[3] * 67])
    backend, reference = make(DIM), NumpyBackend(DIM)
    for one in (backend, reference):
        one.add(index.clip_ids, index.vectors())
    options = {"k": 300, "one_per_file": one_per_file, "only": only}
    found = index_with(index.folder, backend).search(QUERIES, **options)
    expected = index_with(index.folder, reference).search(QUERIES, **options)
    assert [[hit.clip_id for hit in hits] for hits in found] == [
        [hit.clip_id for hit in hits] for hits in expected
    ]
    assert found[0]


def test_clip_ids_of_a_filter_may_be_an_array_or_a_set():
    array = np.array([2, 0, 2])
    made = Filter(clip_ids=array)
    array[:] = 7
    assert made == Filter(clip_ids={0, 2}) == Filter(clip_ids=(0, 2)) != Filter(clip_ids=(0, 3))
    assert hash(made) == hash(Filter(clip_ids=[0, 2]))
    assert np.asarray(made.clip_ids).tolist() == [0, 2]
    assert Filter(clip_ids=()) != Filter()
    assert Filter(where="$a", where_values={"a": 1}) != Filter(where="$a", where_values={"a": 2})
