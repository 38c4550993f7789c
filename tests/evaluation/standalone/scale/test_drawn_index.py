"""Drawn indexes: rows, filters of exact selectivity, growing, going on after a stop."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.standalone.scale.made import drawn, recipe
from vlret.evaluation.standalone.scale import drawn_index
from vlret.index.filter import Filter
from vlret.index.index import Index
from vlret.index.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("scale") / "index")
    drawn_index.extend(store, recipe(), drawn(), 20_000)
    return store


def test_rows(store):
    index = Index.open(store.folder)
    rows = index.rows([0, 9, 10, 19_999])
    assert rows["start"].tolist() == [0, 45, 0, 45]
    assert rows["end"].tolist() == [5, 50, 5, 50]
    assert rows["relative_path"].tolist()[2:] == [
        "camera-1/day-0/part-0/00000001.mp4",
        "camera-9/day-9/part-9/00001999.mp4",
    ]
    assert rows["codec"].tolist() == ["h264", "h264", "hevc", "av1"]
    assert rows["taken"].notna().all()
    expected = drawn().of_files(0, 2000).astype(np.float16).astype(np.float32)
    assert index.vectors()[1234] == pytest.approx(expected[1234] / np.linalg.norm(expected[1234]), abs=1e-6)


@pytest.mark.parametrize("kind", ["path", "where"])
@pytest.mark.parametrize("selectivity", drawn_index.SELECTIVITIES)
def test_filters_allow_what_their_arithmetic_says(store, kind, selectivity):
    index, number = Index.open(store.folder), 7
    if kind == "path":
        only = Filter(path=drawn_index.path_pattern(selectivity, number))
        matches = drawn_index.matches_path
    else:
        only = Filter(where=drawn_index.where_condition(selectivity, number))
        matches = drawn_index.matches_where
    expected = index.clip_ids[matches(index.clip_ids, selectivity, number)]
    assert len(expected) == 20_000 * selectivity
    (hits,) = index.search(drawn().real[:1], len(index), one_per_file=False, only=only)
    assert sorted(hit.clip_id for hit in hits) == expected.tolist()


def test_an_index_that_grows_has_the_rows_of_one_written_at_once(store, tmp_path):
    grown = Store(tmp_path / "index")
    for n_clips in (500, 500, 1500):
        drawn_index.extend(grown, recipe(), drawn(), n_clips)
    rows = Index.open(grown.folder).rows()
    assert rows["clip_id"].tolist() == list(range(1500))
    whole = Index.open(store.folder).rows()[:1500]
    assert rows.drop(columns=["root", "path"]).equals(whole.drop(columns=["root", "path"]))


def test_it_goes_on_after_its_last_commit(tmp_path, monkeypatch):
    """A shard that was written and not committed is not of the index; its name is free again or passed over."""
    monkeypatch.setattr(drawn_index, "_SHARD_FILES", 10)
    monkeypatch.setattr(drawn_index, "_COMMIT_SHARDS", 2)
    folder, shards, write = tmp_path / "index", [], Store.write_table

    def stops(self, *arguments):
        shards.append(arguments)
        if len(shards) == 4:
            raise KeyboardInterrupt
        return write(self, *arguments)

    monkeypatch.setattr(Store, "write_table", stops)
    with pytest.raises(KeyboardInterrupt):
        drawn_index.extend(Store(folder), recipe(), drawn(), 1000)
    assert len(Index.open(folder)) == 200
    monkeypatch.setattr(Store, "write_table", write)
    drawn_index.extend(Store(folder), recipe(), drawn(), 1000)
    index = Index.open(folder)
    assert index.clip_ids.tolist() == list(range(1000))
    assert index.check() == []
