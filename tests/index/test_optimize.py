"""A view that fits into a given memory: which codes, exact cosines of what it finds, changes, damage."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.index.synthetic import ROOT, add_file, synthetic_index, unit_rows
from vlret.errors import UsageError
from vlret.index.index import Index
from vlret.index.optimize import optimize, parse_size
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.view import build
from vlret.index.view import open as view_open
from vlret.index.writer import IndexWriter

N, DIM = 13_000, 32
SIZES = {"2MB": "IDMap,Flat", "1.2MB": "SQfp16", "400kB": "RaBitQ", "200 kB": "PQ2"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """13,000 clips around 300 centres."""
    centres = unit_rows(300, DIM)[np.arange(N) % 300]
    vectors = centres + 0.6 * unit_rows(N, DIM, seed=1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return synthetic_index(tmp_path_factory.mktemp("made") / "index", vectors.astype(np.float32), 500).folder


@pytest.fixture(params=SIZES)
def optimized(request: pytest.FixtureRequest, made: Path, tmp_path: Path) -> tuple[Path, str]:
    """A copy of the index in one of four sizes, and the codes that it should have."""
    folder = tmp_path / "index"
    shutil.copytree(made, folder)
    report = optimize(folder, request.param)
    kind = SIZES[request.param]
    assert report.type.split(",", 1)[1] == kind.removeprefix("IDMap,")
    assert report.memory <= report.memory_limit == parse_size(request.param)
    return folder, kind


QUERIES = unit_rows(5, DIM, seed=9)


def test_hits_have_the_exact_cosines_of_the_stored_vectors(
    optimized, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, kind = optimized
    monkeypatch.setattr(build, "build_view", None)  # it is read from disk
    index = Index.open(folder)
    vectors, info = index.vectors(), index.info()["view"]
    assert info["recall_at_10"] >= (0.9 if kind == "PQ2" else 0.99)
    for query, hits in zip(QUERIES, index.search(QUERIES, k=10, one_per_file=False), strict=True):
        assert len(hits) == 10
        for hit in hits:
            tolerance = 1e-3 if kind == "SQfp16" else 1e-6
            assert hit.score == pytest.approx(float(vectors[hit.clip_id] @ query), abs=tolerance)
    wanted = np.arange(0, N, 1000)
    assert index.scores(QUERIES[0], wanted) == pytest.approx(vectors[wanted] @ QUERIES[0], abs=1e-3)


def test_a_view_of_codes_is_changed_like_any_other(optimized, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, kind = optimized
    writer = IndexWriter(Snapshot.read(Store(folder)), [ROOT])
    new = unit_rows(40, DIM, seed=11)
    add_file(writer, "new.mp4", new)
    writer.drop(np.arange(100))
    writer.commit()
    monkeypatch.setattr(build, "_build_lists", None)
    monkeypatch.setattr(build, "_build_exact", None)
    index = Index.open(folder)
    for number, hits in enumerate(index.search(new[:5], k=1)):
        assert hits[0].clip_id == N + number
    found = {hit.clip_id for hit in index.search(QUERIES[:1], k=10_000, one_per_file=False)[0]}
    assert not found & set(range(100))
    names = {path.name for path in (folder / "view").glob("*.vectors")}
    shards = {f"{entry.sha256[:16]}.vectors" for entry in index.manifest.shards}
    assert names == (shards if kind in ("RaBitQ", "PQ2") else set())


@pytest.mark.parametrize("damage", ["cut", "gone", "flipped"])
def test_damaged_vectors_are_made_again_or_found_by_a_check(made: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "index"
    shutil.copytree(made, folder)
    optimize(folder, "400kB")
    expected = Index.open(folder).search(QUERIES, k=5)
    file = min((folder / "view").glob("*.vectors"))
    data = bytearray(file.read_bytes())
    data[-200] ^= 64
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(data[:-7] if damage == "cut" else data)
    if damage == "flipped":
        assert [line.split(":")[0] for line in Index.open(folder).check()] == [f"view/{file.name}"]
        file.unlink()
    assert Index.open(folder).search(QUERIES, k=5) == expected
    assert Index.open(folder).check() == []


def test_ids_that_the_vectors_do_not_have_are_left_out(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    shutil.copytree(made, folder)
    optimize(folder, "400kB")
    for file in (folder / "view").glob("*.vectors"):
        data = np.frombuffer(file.read_bytes(), np.uint8).copy()
        data[: 8 * 100] = 255  # the first hundred ids are -1
        file.write_bytes(data.tobytes())
    for hits in Index.open(folder).search(QUERIES, k=50, one_per_file=False):
        assert all(0 <= hit.clip_id < N for hit in hits)


def test_vectors_that_another_reader_removes_are_done_without(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It opened another revision, and keeps the vectors of that alone."""
    folder = tmp_path / "index"
    shutil.copytree(made, folder)
    optimize(folder, "400kB")
    shutil.rmtree(folder / "view")
    write = view_open.write_vectors

    def write_and_lose(path: Path, table: pa.Table) -> None:
        write(path, table)
        path.unlink()

    monkeypatch.setattr(view_open, "write_vectors", write_and_lose)
    index = Index.open(folder)
    assert len(index.search(QUERIES[:1], k=5)[0]) == 5
    assert index.backend.info().kind == "IDMap,Flat"


def test_the_choice_stays_when_the_view_is_deleted_and_can_be_taken_back(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    shutil.copytree(made, folder)
    optimize(folder, "400kB")
    shutil.rmtree(folder / "view")
    Index.open(folder).search(QUERIES)
    assert json.loads((folder / "view" / "info.json").read_text())["type"].endswith(",RaBitQ")
    assert optimize(folder, "1GB").type == "IDMap,Flat"
    assert not list((folder / "view").glob("*.vectors"))


@pytest.mark.parametrize(
    ("memory", "code"),
    [
        ("100kB", "memory_too_small"),
        (0, "memory_too_small"),
        ("2", "bad_size"),
        ("-1GB", "bad_size"),
        ("10000TB", "bad_size"),
        (2**54, "bad_size"),
        ("9" * 400 + "GB", "bad_size"),
        ("", "bad_size"),
        (None, "wrong_type"),
    ],
)
def test_a_size_that_cannot_be_is_refused(made: Path, memory: object, code: str) -> None:
    revision = Store(made).read_manifest().revision
    with pytest.raises(UsageError) as caught:
        optimize(made, memory)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert Store(made).read_manifest().revision == revision
    if code == "memory_too_small":
        assert 150_000 < caught.value.fields["least"] < 200_000
