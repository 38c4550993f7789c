"""The exact search over shards against numpy over all vectors."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.standalone.scale.made import drawn, recipe
from vlret.evaluation.standalone.scale import drawn_index
from vlret.evaluation.standalone.scale.exact_search import exact_nearest, recall
from vlret.index.index import Index
from vlret.index.store import Store


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(drawn_index, "_SHARD_FILES", 7)  # several shards, the last one short
    store = Store(tmp_path / "index")
    drawn_index.extend(store, recipe(), drawn(), 500)
    return store


def test_as_all_vectors_at_once(store):
    index, queries = Index.open(store.folder), drawn().real[:5]
    allowed = [None, None, lambda ids: ids % 7 == 3, lambda ids: ids < 4, lambda ids: ids < 0]
    found = exact_nearest(store, queries, allowed, 10)
    for query, allows, ids in zip(queries, allowed, found, strict=True):
        scores = index.vectors() @ query
        if allows is not None:
            scores[~allows(index.clip_ids)] = -np.inf
        expected = index.clip_ids[np.argsort(-scores)][: min(10, np.isfinite(scores).sum())]
        assert ids.tolist() == expected.tolist()


def test_recall_is_the_share_of_the_exact_ones():
    exact = [np.array([1, 2, 3, 4]), np.array([5, 6]), np.array([], int)]
    found = [np.array([4, 9, 1, 2]), np.array([6]), np.array([7])]
    assert recall(found, exact) == pytest.approx((0.75 + 0.5) / 2)
