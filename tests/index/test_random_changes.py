"""After random runs, removals, moves and compactions a search finds what numpy finds in the rows of the index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.index.synthetic import ROOT, add_file, new_index, unit_rows
from vlret.index import writer
from vlret.index.filter import Filter
from vlret.index.index import Index
from vlret.index.optimize import optimize
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.tables import FileRow, shard_schema
from vlret.index.view import build, codes
from vlret.index.writer import IndexWriter
from vlret.types import Hit, Vectors

DIM, N_STEPS, ENOUGH = 16, 8, 330
Random = np.random.Generator


@pytest.fixture(params=["exact", "lists", "codes"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How views beyond 330 clips search; shards are full with 40 clips."""
    monkeypatch.setattr(writer, "SHARD_CLIPS", 40)
    monkeypatch.setattr(build, "N_HELD_OUT", 20)
    if request.param != "exact":
        monkeypatch.setattr(codes, "MAX_EXACT", ENOUGH)
        monkeypatch.setattr(codes, "_LEAST_CODED", ENOUGH)
    return str(request.param)


def add(folder: Path, random: Random) -> None:
    changed = IndexWriter(Snapshot.read(Store(folder)), [ROOT])
    for _ in range(int(random.choice([2, 20, 60]))):
        vectors = unit_rows(int(random.integers(1, 14)), DIM, seed=int(random.integers(10**6)))
        add_file(changed, f"{random.integers(10)}/{random.integers(10**9)}.mp4", vectors)
        changed.commit_if_due()
    changed.commit()


def drop(folder: Path, random: Random) -> None:
    ids = Index.open(folder).clip_ids
    changed = IndexWriter(Snapshot.read(Store(folder)), [ROOT])
    changed.drop(random.choice(ids, int(random.integers(len(ids) // 2 + 1)), replace=False))
    changed.commit()


def move(folder: Path, random: Random) -> None:
    store, ids = Store(folder), Index.open(folder).clip_ids
    snapshot = Snapshot.read(store)
    shards = snapshot.manifest.shards
    rows = store.read_table(shards[int(random.integers(len(shards)))], shard_schema(DIM))
    rows = rows.filter(pa.array(np.isin(rows["clip_id"].to_numpy(), ids))).slice(0, 5)
    if len(rows):
        changed = IndexWriter(snapshot, [ROOT])
        changed.move(FileRow(0, f"{random.integers(10)}/moved.mp4", 1, 1), rows, rows["clip_id"].to_numpy())
        changed.commit()


def compact(folder: Path, _: Random) -> None:
    Index.open(folder).compact()


def oracle(index: Index, query: Vectors, k: int, one_per_file: bool, allowed: np.ndarray) -> list[float]:
    ranked = index.rows().assign(score=index.vectors() @ query)[allowed].sort_values("score", ascending=False)
    if one_per_file:
        ranked = ranked.drop_duplicates("path")
    scores: list[float] = ranked["score"].tolist()
    return scores[:k]


def check(index: Index, random: Random, kind: str) -> None:
    rows = index.rows()
    chosen = random.choice(index.clip_ids, min(len(index), 30), replace=False)
    filters: list[tuple[Filter | None, np.ndarray]] = [
        (None, np.ones(len(rows), bool)),
        (Filter(path="/3/"), rows["path"].str.contains("/3/").to_numpy()),
        (Filter(where="start >= 6"), (rows["start"] >= 6).to_numpy()),
        (Filter(clip_ids=chosen), np.isin(index.clip_ids, chosen)),
    ]
    for only, allowed in filters:
        query, k = unit_rows(1, DIM, int(random.integers(10**6))), int(random.choice([1, 10, 1000]))
        one = bool(random.integers(2))
        (hits,) = index.search(query, k, one, only)
        expected = oracle(index, query[0], k, one, allowed)
        assert len(hits) == len(expected)
        if only or kind == "exact":
            np.testing.assert_allclose(
                [hit.score for hit in hits], expected, atol=2e-3 if kind == "lists" else 1e-6
            )
        assert_right(index, hits, query[0], allowed)


def assert_right(index: Index, hits: list[Hit], query: Vectors, allowed: np.ndarray) -> None:
    """Each hit is a clip that the filter allows, with its own path and score."""
    places = np.searchsorted(index.clip_ids, [hit.clip_id for hit in hits])
    assert allowed[places].all()
    np.testing.assert_allclose([hit.score for hit in hits], index.vectors()[places] @ query, atol=2e-3)
    assert [hit.path for hit in hits] == index.rows()["path"].iloc[places].tolist()


@pytest.mark.parametrize("seed", range(2))
def test_searches_after_random_changes(tmp_path: Path, kind: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    new_index(tmp_path, DIM).commit()
    add(tmp_path, random)
    steps: list[Callable[[Path, Random], None]] = [add, add, drop, move, compact]
    for _ in range(N_STEPS):
        steps[int(random.integers(len(steps)))](tmp_path, random)
        n = len(Index.open(tmp_path))
        if kind == "codes":
            optimize(tmp_path, codes.least_memory(n, DIM), progress=False)
        if n:
            check(Index.open(tmp_path), random, kind)
    assert Index.open(tmp_path).check() == []
