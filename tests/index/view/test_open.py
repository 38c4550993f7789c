from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.index.synthetic import ROOT, add_file, synthetic_index, unit_rows
from tests.index.test_index import ids, oracle
from vlret.errors import OutputError
from vlret.index.index import Index
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.stored_vectors import StoredVectors
from vlret.index.view import audit, build, codes
from vlret.index.view import open as view_open
from vlret.index.writer import IndexWriter

QUERY = unit_rows(1, 16, seed=9)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An index whose view has been made by a search."""
    index = synthetic_index(tmp_path / "index", unit_rows(40, 16))
    index.search(QUERY)
    return index.folder


def hits(folder: Path) -> list[int]:
    index = Index.open(folder)
    found = ids(index.search(QUERY, k=40, one_per_file=False)[0])
    assert found == oracle(index, QUERY[0], 40, False)
    return found


def append(folder: Path, path: str = "new.mp4") -> None:
    writer = IndexWriter(Snapshot.read(Store(folder)), [ROOT])
    add_file(writer, path, unit_rows(2, 16, seed=10))
    writer.commit()


def is_fresh(folder: Path) -> bool:
    snapshot = Snapshot.read(Store(folder))
    ids = snapshot.rows["clip_id"].to_numpy()
    return view_open.load_view(snapshot.store, snapshot.manifest, ids) is not None


def forbid_building(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "build_view", None)


def test_the_view_is_read_from_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_building(monkeypatch)
    assert len(hits(folder)) == 40


def test_a_search_with_a_view_reads_no_vectors(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StoredVectors, "__init__", None)
    assert len(Index.open(folder).search(QUERY, k=5)[0]) == 5


def test_a_deleted_view_is_made_again(folder: Path) -> None:
    before = hits(folder)
    for path in (folder / "view").iterdir():
        path.unlink()
    (folder / "view").rmdir()
    assert hits(folder) == before
    assert (folder / "view" / "info.json").exists()


@pytest.mark.parametrize("name", ["info.json", "*.faiss"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[1, 2]"])
def test_a_damaged_view_is_made_again(folder: Path, name: str, content: bytes) -> None:
    next((folder / "view").glob(name)).write_bytes(content)
    assert len(hits(folder)) == 40


def test_a_cut_view_is_made_again(folder: Path) -> None:
    file = next((folder / "view").glob("*.faiss"))
    file.write_bytes(file.read_bytes()[:-100])
    assert len(hits(folder)) == 40


def test_a_stale_view_is_noticed_after_rows_are_added_or_dropped(folder: Path) -> None:
    append(folder)
    assert {40, 41} <= set(hits(folder)) | set(Index.open(folder).rows()["clip_id"])
    assert is_fresh(folder)
    writer = IndexWriter(Snapshot.read(Store(folder)), [ROOT])
    writer.drop(np.array([0, 41]))
    writer.commit()
    assert not is_fresh(folder)
    assert not {0, 41} & set(hits(folder))
    assert len(list((folder / "view").glob("*.faiss"))) == 1


def test_a_view_stays_valid_when_rows_do_not_change(folder: Path, monkeypatch) -> None:
    store = Store(folder)
    store.commit(store.read_manifest().next(roots=("/elsewhere",)))
    forbid_building(monkeypatch)
    assert len(hits(folder)) == 40


def test_an_opened_index_keeps_its_rows_while_a_writer_adds(folder: Path) -> None:
    index = Index.open(folder)
    append(folder)
    hits(folder)  # another reader makes the new view
    found = ids(index.search(QUERY, k=99, one_per_file=False)[0])
    assert found == oracle(index, QUERY[0], 99, False)
    assert len(found) == 40


@pytest.mark.parametrize(
    "error",
    [PermissionError(13, "Permission denied"), OSError(30, "Read-only file system"), OutputError("full")],
)
@pytest.mark.parametrize("step", ["replacing", "replace_file"])
def test_a_folder_that_cannot_be_written_is_searched_all_the_same(
    step: str, error: Exception, tmp_path: Path, monkeypatch
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(view_open, step, refuse)
    index = synthetic_index(tmp_path / "index", unit_rows(10, 16))
    assert len(index.search(QUERY, k=3)[0]) == 3


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    """6,000 clips in 300 groups of near ones, beyond the limit of exact search."""
    monkeypatch.setattr(codes, "MAX_EXACT", 1000)
    centres = unit_rows(300, 32).repeat(20, axis=0)
    vectors = centres + 0.5 * unit_rows(6000, 32, seed=1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return synthetic_index(tmp_path / "index", vectors, 20)


def test_a_large_index_gets_lists_and_an_audited_recall(many: Index, capfd: pytest.CaptureFixture) -> None:
    queries = many.vectors()[::97] + 0.1 * unit_rows(62, 32, seed=2)
    found = many.search(queries, k=10, one_per_file=False)
    exact = [oracle(many, query, 10, False) for query in queries]
    recall = np.mean([len(set(ids(hits)) & set(best)) / 10 for hits, best in zip(found, exact, strict=True)])
    info = many.info()["view"]
    assert info["type"] == "IVF143,SQfp16"  # 5,600 training vectors allow no more lists
    assert 1 <= info["nprobe"] < 143
    assert info["recall_at_10"] >= audit.WANTED_RECALL
    assert recall == pytest.approx(info["recall_at_10"], abs=0.03)
    assert info.pop("is_current")
    assert json.loads((many.folder / "view" / "info.json").read_text()).items() >= info.items()
    assert "WARNING" not in capfd.readouterr().err


def test_a_large_index_is_read_from_disk_with_the_same_hits(many: Index, monkeypatch) -> None:
    before = many.search(many.vectors()[:5], k=10)
    forbid_building(monkeypatch)
    assert Index.open(many.folder).search(many.vectors()[:5], k=10) == before


def test_lists_do_not_hide_files_that_a_filter_or_a_large_k_asks_for(many: Index) -> None:
    query = many.vectors()[:1]
    found = many.search(query, k=5, only="f29*")[0]
    keep = many.rows()["relative_path"].str.startswith("f29").to_numpy()
    assert ids(found) == oracle(many, query[0], 5, True, keep)
    assert len(many.search(query, k=300)[0]) == 300
    assert len(many.search(query, k=9999, one_per_file=False)[0]) == 6000


def test_copies_of_a_clip_do_not_spoil_the_audit(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(codes, "MAX_EXACT", 1000)
    vectors = np.concatenate([np.tile(unit_rows(1, 32), (1500, 1)), unit_rows(1500, 32, seed=3)])
    index = synthetic_index(tmp_path / "index", vectors, 10)
    index.search(vectors[:1])
    assert index.info()["view"]["recall_at_10"] >= audit.WANTED_RECALL


def grow(index: Index, n_clips: int) -> Index:
    writer = IndexWriter(Snapshot.read(Store(index.folder)), [ROOT])
    add_file(writer, f"more{n_clips}.mp4", unit_rows(n_clips, 32, seed=11))
    writer.drop(np.arange(5))
    writer.commit()
    return Index.open(index.folder)


def test_lists_are_kept_until_the_index_has_doubled(many: Index, monkeypatch) -> None:
    many.search(many.vectors()[:1])
    grown = grow(many, 500)
    query = grown.vectors()[-1:]
    assert grown.search(query, k=1)[0][0].clip_id == 6499
    view = grown.info()["view"]
    assert (view["n_trained"], view["n_vectors"], view["type"]) == (6000, 6495, "IVF143,SQfp16")
    assert view["recall_at_10"] >= audit.WANTED_RECALL
    doubled = grow(grown, 7000)
    doubled.search(query)
    assert doubled.info()["view"]["n_trained"] == 13495


def test_growing_beyond_the_limit_of_exact_search_makes_lists(tmp_path: Path, monkeypatch) -> None:
    index = synthetic_index(tmp_path / "index", unit_rows(900, 32))
    monkeypatch.setattr(codes, "MAX_EXACT", 1000)
    index.search(unit_rows(1, 32))
    assert index.info()["view"]["type"] == "IDMap,Flat"
    grown = grow(index, 500)
    grown.search(unit_rows(1, 32))
    assert grown.info()["view"]["type"].startswith("IVF")
