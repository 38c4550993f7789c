"""The table of pairs that were compared: kept whole, checked, and absent from older indexes."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from tests.index.synthetic import synthetic_index, unit_rows
from tests.refusal import refused
from vlret.index.copies import Place
from vlret.index.duplicates import DUPLICATES, JudgedPair, pair_of, record_pairs
from vlret.index.index import Index
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store

A, B, C = ("a" * 32, "b" * 32, "c" * 32)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Files f000.mp4, f001.mp4, f002.mp4 of three clips of 2 s each."""
    synthetic_index(tmp_path / "index", unit_rows(9, 8))
    return Store(tmp_path / "index")


def record(store: Store, *pairs: JudgedPair, **options: object) -> dict:
    record_pairs(store, store.read_manifest(), pairs, **options)
    return Snapshot.read(store).pairs


def test_pairs_are_added_replaced_and_forgotten(store: Store) -> None:
    copy = JudgedPair(A, B, "copy", True, 1.5, 4.0, 0.0, 2.5)
    assert record(store, copy) == {(A, B): copy}
    apart, other = JudgedPair(A, B, "not_a_copy"), JudgedPair(B, C, "different")
    assert record(store, apart, other) == {(A, B): apart, (B, C): other}
    assert record(store, forget=[(A, B)]) == {(B, C): other}
    assert len(list(store.folder.glob("duplicates-*.parquet"))) == 1


def test_a_manifest_without_the_table_is_read(store: Store) -> None:
    path = store.folder / "manifest.json"
    values = json.loads(path.read_text())
    del values["duplicates"]
    path.write_text(json.dumps(values))
    assert not Index.open(store.folder).copies


@pytest.mark.parametrize(
    "wrong",
    [
        {"a": "x"},
        {"a": C},
        {"verdict": "same"},
        {"verdict": None},
        {"start_a": -1.0},
        {"end_b": float("nan")},
    ],
)
def test_a_table_with_values_that_cannot_be_is_damaged(wrong: dict, store: Store) -> None:
    row = {"a": A, "b": B, "verdict": "copy", "mirrored": False, "start_a": 0.0, "end_a": 4.0, "start_b": 0.0,
           "end_b": 4.0}  # fmt: skip
    manifest = store.read_manifest()
    table = pa.Table.from_pylist([{**row, **wrong}], DUPLICATES)
    entry, _ = store.write_table("duplicates", 1, table, manifest.id)
    store.commit(manifest.next(duplicates=entry))
    with refused("index_damaged") as caught:
        Index.open(store.folder)
    assert "duplicates-000001.parquet" in str(caught.value)


def test_a_clip_is_elsewhere_where_the_footage_is_shared(store: Store) -> None:
    """f000 2-6 s is f001 0-4 s."""
    files = Index.open(store.folder).rows().drop_duplicates("path")
    (a, b, _), prints = files["path"], files["fingerprint"].tolist()
    first, second = pair_of(*prints[:2])
    spans = {prints[0]: (2.0, 6.0), prints[1]: (0.0, 4.0)}
    record(store, JudgedPair(first, second, "copy", False, *spans[first], *spans[second]))
    copies = Index.open(store.folder).copies
    assert copies
    assert copies.elsewhere(0, 2, 4) == [Place(b, 0, 2)]
    assert copies.elsewhere(1, 2, 4) == [Place(a, 4, 6)]
    assert copies.elsewhere(0, 1, 3) == [Place(b, 0, 1)]
    assert copies.elsewhere(0, 0.9, 2.9) == []
