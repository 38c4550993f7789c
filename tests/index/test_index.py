from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.index.stand_in import CircleEmbedder, write_text_video
from tests.index.synthetic import ROOT, add_file, new_index, synthetic_index, unit_rows
from vlret.errors import IndexFolderError, UsageError
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.index.lock import writer_lock
from vlret.index.move_root import move_root
from vlret.index.store import Store
from vlret.types import Clip, Hit


def oracle(
    index: Index, query: np.ndarray, k: int, one_per_file: bool, keep: np.ndarray | None = None
) -> list[int]:
    """clip_ids by plain sorting: (-cosine, clip_id), then the first of each file."""
    rows, scores = index.rows(), (index.vectors() * (query / np.linalg.norm(query))).sum(1)
    order = np.lexsort((rows["clip_id"], -scores))
    ranked = rows.iloc[order]
    if keep is not None:
        ranked = ranked[keep[order]]
    if one_per_file:
        ranked = ranked.drop_duplicates("path")
    return ranked["clip_id"].tolist()[:k]


def ids(hits: list[Hit]) -> list[int]:
    return [hit.clip_id for hit in hits]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """600 clips in files of 1 to 200 clips."""
    return synthetic_index(tmp_path / "index", unit_rows(600, 24), [200, 1, 1, 98, 150, 50, *[2] * 50])


@pytest.mark.parametrize("one_per_file", [True, False])
@pytest.mark.parametrize("k", [1, 7, 40, 1000])
def test_search_equals_sorting_all_cosines(index: Index, k: int, one_per_file: bool) -> None:
    queries = unit_rows(20, 24, seed=1) * 3
    found = index.search(queries, k=k, one_per_file=one_per_file)
    for query, hits in zip(queries, found, strict=True):
        assert ids(hits) == oracle(index, query, k, one_per_file)
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))


def test_scores_are_cosines_with_the_vectors(index: Index) -> None:
    query = unit_rows(1, 24, seed=2)
    for hit in index.search(query * 5, k=10)[0]:
        assert hit.score == pytest.approx(float(index.vector(hit.clip_id) @ query[0]), abs=1e-6)


def test_k_files_are_found_behind_a_file_with_many_better_clips(tmp_path: Path) -> None:
    near = unit_rows(500, 16) * 0.1 + np.eye(16, dtype=np.float32)[0]
    vectors = np.concatenate([near, unit_rows(4, 16, seed=3)])
    index = synthetic_index(tmp_path / "index", vectors, [500, 1, 1, 1, 1])
    hits = index.search(np.eye(16, dtype=np.float32)[:1], k=5)[0]
    assert len({hit.path for hit in hits}) == 5


@pytest.mark.parametrize("dim", [3, 16, 33])
@pytest.mark.parametrize("k", [5, 40, 90])
def test_ties_go_to_the_lower_clip_id_also_at_the_cut(tmp_path: Path, dim: int, k: int) -> None:
    kinds = np.random.default_rng(0).choice(5, 3000, p=[0.01, 0.01, 0.02, 0.36, 0.6])
    index = synthetic_index(tmp_path / "index", unit_rows(5, dim)[kinds], 1)
    for query in unit_rows(10, dim, seed=4):
        assert ids(index.search(query[None], k=k)[0]) == oracle(index, query, k, True)


@pytest.mark.parametrize("pattern", ["f00*", f"{ROOT}/f00?.mp4", "f000.mp4", "*"])
def test_paths_are_filtered_before_the_cut(index: Index, pattern: str) -> None:
    names = index.rows()["relative_path"]
    keep = {
        "f00*": names.str.startswith("f00"), f"{ROOT}/f00?.mp4": names.str.startswith("f00"),
        "f000.mp4": names == "f000.mp4", "*": names == names,
    }[pattern].to_numpy()  # fmt: skip
    query = unit_rows(1, 24, seed=5)
    for one_per_file in (True, False):
        hits = index.search(query, k=30, one_per_file=one_per_file, only=pattern)[0]
        assert ids(hits) == oracle(index, query[0], 30, one_per_file, keep)


def test_a_pattern_without_matches_gives_no_hits(index: Index) -> None:
    assert index.search(unit_rows(2, 24), only="nothing*") == [[], []]


def test_an_empty_index_gives_no_hits(tmp_path: Path) -> None:
    new_index(tmp_path / "index", 8)
    index = Index.open(tmp_path / "index")
    assert index.search(unit_rows(2, 8)) == [[], []]
    assert len(index) == 0
    assert index.vectors().shape == (0, 8)
    assert list(index.rows().columns)[:3] == ["clip_id", "root", "path"]
    json.dumps(index.info())


def test_no_query_gives_no_lists(index: Index) -> None:
    assert index.search(np.empty((0, 24), np.float32)) == []


@pytest.mark.parametrize(
    ("vectors", "k", "message"),
    [
        (np.full((1, 24), np.nan), 1, "zero or not finite"),
        (np.zeros((1, 24)), 1, "zero or not finite"),
        (np.ones((1, 23)), 1, "shape"),
        (np.ones(24), 1, "shape"),
        (np.ones((1, 24)), 0, "k was given as 0"),
        ("a dog", 1, "Query vectors were given as str"),
        ([["a dog"]], 1, "Query vectors were given as list"),
        ([[1.0], [1.0, 2.0]], 1, "Query vectors were given as list"),
        (None, 1, "shape"),
    ],
)
def test_bad_queries_are_refused(index: Index, vectors: np.ndarray, k: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        index.search(vectors, k=k)


def test_vectors_survive_float16(tmp_path: Path) -> None:
    vectors = unit_rows(50, 384)
    index = synthetic_index(tmp_path / "index", vectors)
    rounded = vectors.astype(np.float16).astype(np.float32)
    rounded /= np.linalg.norm(rounded, axis=1, keepdims=True)
    np.testing.assert_array_equal(index.vectors(), rounded)
    assert (index.vectors() * vectors).sum(1).min() > 0.99999
    assert index.vectors().dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(index.vectors(), axis=1), 1, atol=1e-6)


def test_dropped_clips_are_nowhere(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    writer = new_index(folder, 8)
    add_file(writer, "a.mp4", unit_rows(5, 8))
    writer.commit()
    writer.drop(np.array([1, 4]))
    writer.commit()
    index = Index.open(folder)
    assert index.rows()["clip_id"].tolist() == [0, 2, 3]
    assert len(index) == len(index.vectors()) == 3
    assert sorted(ids(index.search(unit_rows(1, 8), k=9, one_per_file=False)[0])) == [0, 2, 3]
    np.testing.assert_array_equal(index.vector(3), index.vectors()[2])
    with pytest.raises(UsageError, match="no clip 4"):
        index.vector(4)


def test_compaction_keeps_rows_ids_and_vectors(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    writer = new_index(folder, 8)
    for number in range(5):
        add_file(writer, f"{number}.mp4", unit_rows(4, 8, seed=number))
        writer.commit()
    writer.drop(np.arange(3, 9))
    writer.commit()
    index, reader = Index.open(folder), Index.open(folder)
    rows, vectors, hits = index.rows(), index.vectors(), index.search(unit_rows(1, 8), k=5)
    index.compact()
    assert index.rows().equals(rows)
    np.testing.assert_array_equal(index.vectors(), vectors)
    assert index.search(unit_rows(1, 8), k=5) == hits
    assert [path.name for path in (folder / "shards").iterdir()] == ["000006.parquet"]
    assert index.info()["dropped_clips"] == 0
    assert index.check() == []
    assert reader.rows().equals(rows)
    with pytest.raises(IndexFolderError, match="was compacted"):
        reader.vectors()


def test_compaction_waits_for_no_writer(tmp_path: Path) -> None:
    index = synthetic_index(tmp_path / "index", unit_rows(4, 8))
    with writer_lock(index.folder), pytest.raises(IndexFolderError, match="is being written"):
        index.compact()


def test_ids_are_not_reused_after_the_last_rows_are_dropped(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    writer = new_index(folder, 8)
    add_file(writer, "a.mp4", unit_rows(3, 8))
    writer.drop(np.arange(3))
    writer.commit()
    Index.open(folder).compact()
    index = made_append(folder)
    assert index.rows()["clip_id"].tolist() == [3, 4]


def made_append(folder: Path) -> Index:
    from vlret.index.snapshot import Snapshot
    from vlret.index.writer import IndexWriter

    writer = IndexWriter(Snapshot.read(Store(folder)), [ROOT])
    add_file(writer, "b.mp4", unit_rows(2, 8))
    writer.commit()
    return Index.open(folder)


def test_resolve_gives_the_clip_to_decode(tmp_path: Path) -> None:
    writer = new_index(tmp_path / "index", 8)
    add_file(writer, "sub/a.mp4", unit_rows(2, 8))
    writer.commit()
    assert Index.open(tmp_path / "index").resolve(1) == Clip(Path(ROOT) / "sub/a.mp4", 2.0, 4.0)


def test_another_model_is_refused_with_both_names(index: Index) -> None:
    index.require_card(replace(index.card, licence="MIT", prompts=()))
    index.require_card(replace(index.card, name="/elsewhere/made", revision="local"))
    with pytest.raises(IndexFolderError, match=r"built with made, not with other: weights_hash 0+, not 1+"):
        index.require_card(replace(index.card, name="other", weights_hash="1" * 64))
    with pytest.raises(IndexFolderError, match=r"preprocessing .*, not bilinear"):
        index.require_card(replace(index.card, preprocessing="bilinear"))


def test_info_is_json(index: Index) -> None:
    info = json.loads(json.dumps(index.info()))
    assert (info["clips"], info["files"], info["roots"]) == (600, 56, [ROOT])
    assert info["recipe"]["card"]["name"] == "made"
    assert info["view"] is None
    index.search(unit_rows(1, 24))
    assert index.info()["view"]["type"] == "IDMap,Flat"


@pytest.mark.usefixtures("text_pool")
def test_a_moved_library_is_one_option(tmp_path: Path) -> None:
    old, new, folder = tmp_path / "old", tmp_path / "new", tmp_path / "index"
    write_text_video(old / "sub" / "a.mp4", 1, 2)
    model = CircleEmbedder()
    build_index(old, folder, model)
    old.rename(new)
    assert Index.open(folder, roots={old: new}).resolve(0).path == new / "sub" / "a.mp4"
    assert Index.open(folder).resolve(0).path == old / "sub" / "a.mp4"
    move_root(folder, old, new)
    assert Index.open(folder).resolve(0).path == new / "sub" / "a.mp4"
    assert build_index(new, folder, model).unchanged == 1
    with pytest.raises(IndexFolderError, match=f"no root {old}"):
        move_root(folder, old, new)


def test_an_index_that_nobody_wrote_to_is_current_without_reading_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = synthetic_index(tmp_path / "index", unit_rows(4, 8))
    with monkeypatch.context() as patch:
        patch.setattr(Store, "read_manifest", None)
        assert index.is_current()
    Store(index.folder).commit(index.manifest)
    assert index.is_current()  # the same revision in another file
    made_append(index.folder)
    assert not index.is_current()
    (index.folder / "manifest.json").unlink()
    with pytest.raises(IndexFolderError, match="holds no index"):
        index.is_current()
