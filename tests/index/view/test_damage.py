"""A FAISS file with a damaged layout or ids is made again; damaged vectors are found by a check, and harm nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.index.synthetic import synthetic_index, unit_rows
from tests.index.test_index import ids, oracle
from vlret.index.index import Index
from vlret.index.store import Store
from vlret.index.view import build, codes
from vlret.index.view.info import ViewInfo

DAMAGED = "checksum differs; delete it, and the next search makes it again"
QUERY = unit_rows(1, 32, seed=9)


@pytest.fixture(params=["exact", "lists", "codes"])
def index(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    if request.param != "exact":
        monkeypatch.setattr(codes, "MAX_EXACT", 200)
    index = synthetic_index(tmp_path / "index", unit_rows(500, 32), 5)
    if request.param == "codes":
        monkeypatch.setattr(codes, "_LEAST_CODED", 0)
        store = Store(index.folder)
        store.commit(store.read_manifest().next(search_memory=30_000))
        assert Index.open(index.folder).backend.info().kind.endswith(",RaBitQ")
    return Index.open(index.folder)


def search(index: Index) -> list[int]:
    return ids(Index.open(index.folder).search(QUERY, k=20, only="*")[0])  # only: looks into every list


def damages(data: bytes) -> list[bytes]:
    """12 flipped bits, 8 zeroed blocks, cuts and additions, at seeded places."""
    random = np.random.default_rng(0)
    damaged = []
    for place in random.integers(len(data), size=12):
        damaged.append(data[:place] + bytes([data[place] ^ 1 << int(random.integers(8))]) + data[place + 1 :])
    for place in random.integers(len(data) - 64, size=8):
        damaged.append(data[:place] + bytes(64) + data[place + 64 :])
    return [*damaged, data[:-1], data[: len(data) // 2], data + b"\0", b""]


def test_damage_of_the_faiss_file_is_mended_or_found_by_a_check(index: Index) -> None:
    expected = search(index)
    file = next((index.folder / "view").glob("*.faiss"))
    whole = file.read_bytes()
    for number, data in enumerate(damages(whole)):
        if data != whole:
            file.write_bytes(data)
            hits = search(index)
            assert set(hits) <= set(range(500))
            assert hits == expected or index.check() == [f"view/{file.name}: {DAMAGED}"], number
            if file.read_bytes() != data:  # made again: nothing of the damage is left
                assert (hits, index.check()) == (expected, [])
    assert expected == oracle(index, QUERY[0], 20, True) or index.info()["view"]["nprobe"]


def test_the_layout_is_the_one_that_faiss_writes(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each search would build the view anew."""
    expected = search(index)
    monkeypatch.setattr(build, "build_view", None)
    assert search(index) == expected


def test_lists_that_are_nearly_all_empty_are_read_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "MAX_EXACT", 200)
    index = synthetic_index(tmp_path / "index", np.repeat(unit_rows(3, 32), 500, axis=0), 5)
    expected = search(index)
    monkeypatch.setattr(build, "build_view", None)
    assert search(index) == expected


@pytest.mark.parametrize(
    "kind", ["IVF5,IDMap,Flat", "IVF5,Flat", "IVF5,PQ2", "IVF5,SQfp16", "IVF9999999,SQfp16"]
)
@pytest.mark.parametrize("is_last", [False, True])
def test_a_type_that_the_file_does_not_have_is_not_believed(tmp_path: Path, kind: str, is_last: bool) -> None:
    index = synthetic_index(tmp_path / "index", unit_rows(100, 32), 5)
    expected, view = search(index), index.folder / "view"
    info = json.loads((view / "info.json").read_text()) | {"type": kind, "nprobe": 1, "n_trained": 100}
    if is_last:
        info["rows_key"] = "0" * 64
    file = ViewInfo(**info).file
    next(view.glob("*.faiss")).rename(view / file)
    (view / "info.json").write_text(json.dumps(info))
    assert search(index) == expected


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_vectors_that_are_no_numbers_are_in_no_hit(tmp_path: Path, value: float) -> None:
    index = synthetic_index(tmp_path / "index", unit_rows(100, 32), 5)
    search(index)
    file = next((index.folder / "view").glob("*.faiss"))
    data = np.frombuffer(file.read_bytes(), np.uint8).copy()
    place = data.tobytes().index(index.vectors()[7].tobytes())
    data[place : place + 4] = np.float32([value]).view(np.uint8)
    file.write_bytes(data.tobytes())
    index = Index.open(index.folder)
    for only in (None, "*"):
        (hits,) = index.search(QUERY, k=100, one_per_file=False, only=only)
        assert sorted(ids(hits)) == [number for number in range(100) if number != 7]
    scores = index.scores(QUERY[0], index.clip_ids)
    assert scores[7] == -1
    np.testing.assert_allclose(np.delete(scores, 7), np.delete(index.vectors() @ QUERY[0], 7), atol=1e-6)
