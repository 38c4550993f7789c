"""A view that was changed step by step answers as one that was made anew."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.index.synthetic import ROOT, add_file, synthetic_index, unit_rows
from vlret.index.index import Index
from vlret.index.manifest import FileEntry
from vlret.index.move_root import move_root
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.stored_vectors import StoredVectors
from vlret.index.tables import FileRow, shard_schema
from vlret.index.view import build, codes
from vlret.index.writer import IndexWriter

QUERIES = unit_rows(8, 32, seed=9)


@pytest.fixture(params=["exact", "lists"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index of 3,000 clips with its view."""
    if request.param == "lists":
        monkeypatch.setattr(codes, "MAX_EXACT", 1000)
    return searched(synthetic_index(tmp_path / "index", unit_rows(3000, 32), 20).folder)


def searched(folder: Path) -> Path:
    Index.open(folder).search(QUERIES[:1])
    return folder


def writer_of(folder: Path) -> IndexWriter:
    return IndexWriter(Snapshot.read(Store(folder)), [ROOT])


def add(folder: Path, n_clips: int = 50) -> None:
    writer = writer_of(folder)
    add_file(writer, f"new{n_clips}.mp4", unit_rows(n_clips, 32, seed=n_clips))
    writer.commit()


def remove(folder: Path) -> None:
    writer = writer_of(folder)
    writer.drop(np.arange(0, 400, 7))
    writer.commit()


def move(folder: Path) -> None:
    """A file gets a new place, as in a run: the same vectors in new rows."""
    writer, store = writer_of(folder), Store(folder)
    shard = store.read_manifest().shards[0]
    rows = store.read_table(shard, shard_schema(32)).slice(0, 20)
    writer.move(FileRow(0, "moved.mp4", 1, 1), rows, rows["clip_id"].to_numpy())
    writer.commit()


def compact(folder: Path) -> None:
    Index.open(folder).compact()


CHANGES = {"add": [add], "remove": [remove], "move": [move], "compact": [remove, compact],
           "all": [add, move, remove, compact, lambda folder: add(folder, 70)]}  # fmt: skip


def answers(folder: Path) -> list[list[tuple[int, float]]]:
    """All hits of an exact search; the order of equal scores is settled by clip_id."""
    backend = Index.open(folder).backend
    found = [backend.search(query, 10**4, exact=True) for query in QUERIES]
    return [sorted(zip(ids.tolist(), scores.tolist(), strict=True)) for scores, ids in found]


def forbid_building(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_build_exact", None)
    monkeypatch.setattr(build, "_build_lists", None)


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_view_answers_as_a_new_one(name: str, folder: Path, monkeypatch) -> None:
    for change in CHANGES[name]:
        change(folder)
        with monkeypatch.context() as patched:
            forbid_building(patched)
            searched(folder)
    changed = answers(folder)
    shutil.rmtree(folder / "view")
    fresh = answers(folder)
    index = Index.open(folder)
    for hits, expected, query in zip(changed, fresh, QUERIES, strict=True):
        assert [i for i, _ in hits] == [i for i, _ in expected] == index.clip_ids.tolist()
        assert [s for _, s in hits] == pytest.approx([s for _, s in expected], abs=1e-3)
        assert [s for _, s in hits] == pytest.approx(index.vectors() @ query, abs=1e-3)


def shards_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the shards whose vectors the next search reads."""
    names: list[str] = []
    read = StoredVectors.read

    def recorded(self: StoredVectors, shards: list[FileEntry]) -> object:
        names.extend(entry.name for entry in shards)
        return read(self, shards)

    with monkeypatch.context() as patched:
        patched.setattr(StoredVectors, "read", recorded)
        searched(folder)
    return names


def test_only_new_shards_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(folder)
    assert shards_read(folder, monkeypatch) == [Store(folder).read_manifest().shards[-1].name]
    remove(folder)
    assert shards_read(folder, monkeypatch) == []


def info_of(folder: Path) -> dict:
    return json.loads((folder / "view" / "info.json").read_text())


def test_changes_are_counted_until_recall_is_measured_again(folder: Path, monkeypatch) -> None:
    if info_of(folder)["nprobe"] == 0:
        pytest.skip("an exact view has no recall to measure")
    add(folder, 200)
    assert len(shards_read(folder, monkeypatch)) == 1
    assert info_of(folder)["n_changed"] == 200
    writer = writer_of(folder)
    writer.drop(np.arange(150))
    writer.commit()
    n_shards = len(Store(folder).read_manifest().shards)
    assert len(shards_read(folder, monkeypatch)) == n_shards  # the queries are compared with all
    assert info_of(folder)["n_changed"] == 0
    assert info_of(folder)["recall_at_10"] >= 0.99


def edit_info(folder: Path, **values: object) -> None:
    path = folder / "view" / "info.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_a_view_that_lacks_what_it_claims_is_made_anew(folder: Path) -> None:
    before = answers(folder)
    add(folder)
    shards = [build.shard_key(entry) for entry in Store(folder).read_manifest().shards]
    edit_info(folder, shards=shards)
    assert len(answers(folder)[0]) == len(before[0]) + 50


def test_a_view_of_a_later_revision_than_a_restored_backup_does_not_mix_clips(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "backup")
    add(folder, 50)
    searched(folder)
    shutil.copytree(folder / "view", tmp_path / "later")
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "backup", folder)
    shutil.rmtree(folder / "view")
    shutil.copytree(tmp_path / "later", folder / "view")
    add(folder, 60)  # its clip_ids are those of the 50 others
    index = Index.open(folder)
    for query, hits in zip(QUERIES, answers(folder), strict=True):
        assert [s for _, s in hits] == pytest.approx(index.vectors() @ query, abs=1e-3)


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data[:200] + b"\7" + data[201:]])
def test_a_damaged_view_is_not_changed_but_made_anew(
    folder: Path, damage: Callable[[bytes], bytes], monkeypatch
) -> None:
    file = next((folder / "view").glob("*.faiss"))
    file.write_bytes(damage(file.read_bytes()))
    add(folder)
    with monkeypatch.context() as patched:
        forbid_building(patched)
        with pytest.raises(TypeError):
            searched(folder)
    assert len(answers(folder)[0]) == 3050
    assert Index.open(folder).check() == []


def test_a_moved_library_keeps_its_view(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move_root(folder, ROOT, "/elsewhere")
    monkeypatch.setattr(build, "build_view", None)
    assert Index.open(folder).search(QUERIES[:1])[0][0].path.startswith("/elsewhere")
