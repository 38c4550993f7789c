"""Searches of one index in one process: how long they take, and how much of what is exact they find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlret.evaluation.standalone.scale import drawn_index
from vlret.evaluation.standalone.scale.exact_search import Allowed, exact_nearest, recall
from vlret.evaluation.standalone.scale.result import Filtered, Warm
from vlret.evaluation.standalone.scale.samples import (
    N_QUERIES,
    clip_queries,
    drawn_vectors,
    load_embedder,
    text_queries,
)
from vlret.evaluation.standalone.scale.timing import by_turns, latency
from vlret.index.filter import Filter
from vlret.index.index import Index
from vlret.index.store import VIEW, Store
from vlret.tasks.searcher import Searcher
from vlret.threads import one_thread
from vlret.types import Hit, Ids, QueryVector, Vectors

K = 10
_ROUNDS = 3
_N_FILTERS = 9

Search = Callable[[int], object]


def warm(folder: Path) -> Warm:
    """FAISS alone, the index and a searcher by turns."""
    index, queries = Index.open(folder), text_queries()
    searcher, bare = Searcher(index), _bare(folder, index)
    searches: list[Search] = [
        lambda number: bare(queries[number % N_QUERIES]),
        lambda number: index.search(queries[None, number % N_QUERIES], K),
        lambda number: searcher.search(QueryVector(queries[number % N_QUERIES], is_text=True), k=K),
    ]
    by_turns(searches, N_QUERIES)  # what is opened or read on first use
    seconds = by_turns(searches, _ROUNDS * N_QUERIES)
    faiss, own, whole = map(latency, seconds)
    faiss_s, index_s, _ = seconds.reshape(len(searches), _ROUNDS, N_QUERIES).min(1)
    ratio, difference_s = float(np.median(index_s / faiss_s)), float(np.median(index_s - faiss_s))
    return Warm(faiss, own, whole, ratio, difference_s)


def _bare(folder: Path, index: Index) -> Callable[[Vectors], object]:
    """A search of the FAISS file of the view, without anything of vlret but the limit to one thread."""
    import faiss

    (path,) = (folder / VIEW).glob("*.faiss")
    opened: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    make: Any = faiss.SearchParametersIVF  # its stub knows no keywords
    nprobe = index.info()["view"]["nprobe"]
    parameters = make(nprobe=nprobe) if nprobe else None

    def search(query: Vectors) -> object:
        with one_thread():
            return opened.search(query[None], K, params=parameters)

    return search


def recalls(folder: Path) -> dict[str, float]:
    """Recall@10 for sentences, and for clips that are not in the index."""
    texts, clips = text_queries(), clip_queries(drawn_vectors(load_embedder()))
    queries = np.concatenate([texts, clips])
    found = [_ids(hits) for hits in Index.open(folder).search(queries, K, one_per_file=False)]
    exact = exact_nearest(Store(folder), queries, [None] * len(queries), K)
    return {
        "text_recall": recall(found[:N_QUERIES], exact[:N_QUERIES]),
        "clip_recall": recall(found[N_QUERIES:], exact[N_QUERIES:]),
    }


@dataclass(frozen=True, slots=True)
class _Case:
    """Filters of one kind and selectivity, by their number."""

    kind: str
    selectivity: float

    def filter(self, number: int) -> Filter:
        if self.kind == "path":
            return Filter(path=drawn_index.path_pattern(self.selectivity, number))
        return Filter(where=drawn_index.where_condition(self.selectivity, number))

    def allowed(self, number: int) -> Allowed:
        matches = drawn_index.matches_path if self.kind == "path" else drawn_index.matches_where
        return partial(matches, selectivity=self.selectivity, number=number)


def filtered(folder: Path) -> list[Filtered]:
    """Searches with filters, each evaluated once."""
    index, queries = Index.open(folder), text_queries()[:_N_FILTERS]
    cases = [_Case(kind, share) for kind in ("path", "where") for share in drawn_index.SELECTIVITIES]
    for kind in ("path", "where"):  # what is opened or read on first use
        index.search(queries[:1], K, only=_Case(kind, 0.1).filter(_N_FILTERS))
    measured = [_by_turns_with_filter(index, queries, case) for case in cases]
    found = [
        _found(index, query, case.filter(number)) for case in cases for number, query in enumerate(queries)
    ]
    allowed = [case.allowed(number) for case in cases for number in range(_N_FILTERS)]
    exact = exact_nearest(Store(folder), np.tile(queries, (len(cases), 1)), allowed, K)
    return [
        Filtered(
            case.kind,
            case.selectivity,
            int(case.allowed(0)(index.clip_ids).sum()),
            latency(with_filter),
            float(np.median(with_filter - without)),
            recall(found[first : first + _N_FILTERS], exact[first : first + _N_FILTERS]),
        )
        for case, (without, with_filter), first in zip(
            cases, measured, range(0, len(found), _N_FILTERS), strict=True
        )
    ]  # fmt: skip


def _by_turns_with_filter(index: Index, queries: Vectors, case: _Case) -> NDArray[np.float64]:
    """Seconds of the same queries without a filter and with one, float64 [2, n]."""
    filters = [case.filter(number) for number in range(len(queries))]
    searches: list[Search] = [
        lambda number: index.search(queries[None, number], K),
        lambda number: index.search(queries[None, number], K, only=filters[number]),
    ]
    return by_turns(searches, len(queries))


def _found(index: Index, query: Vectors, only: Filter) -> Ids:
    (hits,) = index.search(query[None], K, one_per_file=False, only=only)
    return _ids(hits)


def _ids(hits: list[Hit]) -> Ids:
    return np.array([hit.clip_id for hit in hits], np.int64)
