from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.index.backends.memory_database import MemoryDatabase
from tests.index.pushed.conftest import ADDRESS, DIM, change
from tests.index.synthetic import new_index, synthetic_index, unit_rows
from vlret.errors import DatabaseError, IndexFolderError, UsageError
from vlret.index.annotate import annotate
from vlret.index.filter import Filter
from vlret.index.index import Index
from vlret.index.move_root import move_root
from vlret.index.pushed import push as pushing
from vlret.index.pushed.header import NAME, read_header
from vlret.index.pushed.push import push

QUERIES = unit_rows(3, DIM, seed=5)


def hits(index: Index) -> list:
    return [
        [(hit.clip_id, hit.path, hit.start, hit.end, round(hit.score, 5)) for hit in found]
        for found in index.search(QUERIES, k=100, one_per_file=False)
    ]


def test_a_pushed_index_finds_what_the_index_finds(database, index):
    report = push(index.folder, ADDRESS)
    assert (report.written, report.removed, report.clips, report.is_exact) == (60, 0, 60, True)
    pushed = Index.open(ADDRESS)
    assert hits(pushed) == hits(index)
    assert pushed.rows().equals(index.rows())
    assert np.array_equal(pushed.vectors(), index.vectors())
    assert np.array_equal(pushed.vectors([7, 3]), index.vectors([7, 3]))
    assert (pushed.place, pushed.search(QUERIES[:1])[0][0].index) == (ADDRESS, ADDRESS)
    assert pushed.info()["database"] == {
        "kind": "memory", "n_vectors": 60, "is_exact": True, "recall_at_10": 1.0
    }  # fmt: skip


def test_a_second_push_writes_only_what_is_new_and_removes_what_is_gone(database, index):
    push(index.folder, ADDRESS)
    files = set(database.files)
    report = push(index.folder, ADDRESS)
    assert (report.written, report.removed) == (0, 0)
    assert set(database.files) == files
    now = change(index.folder)
    report = push(index.folder, ADDRESS)
    assert (report.written, report.removed, report.clips) == (6, 3, 63)
    assert database.ids().tolist() == now.clip_ids.tolist()
    assert hits(Index.open(ADDRESS)) == hits(now)
    assert len(database.files) == len(files)  # the last revision's are gone


def test_rows_whose_columns_have_changed_are_written_again(database, index):
    push(index.folder, ADDRESS)
    assert change(index.folder, "/elsewhere").rows()["path"].str.startswith("/elsewhere").all()
    report = push(index.folder, ADDRESS)
    assert (report.written, report.removed) == (63, 3)


def test_an_open_index_stays_whole_beside_a_push_and_is_told_of_it(database, index):
    push(index.folder, ADDRESS)
    before = Index.open(ADDRESS)
    expected = hits(before)
    now = change(index.folder)
    assert before.is_current()
    push(index.folder, ADDRESS)
    assert not before.is_current()
    gone = {0, 1, 2}
    assert hits(before) == [[hit for hit in found if hit[0] not in gone] for found in expected]
    assert hits(Index.open(ADDRESS)) == hits(now)
    with pytest.raises(DatabaseError) as caught:
        before.vectors()
    assert caught.value.code == "clips_missing"


class StoppedDatabase(MemoryDatabase):
    """Its calls that change something are counted; the `stop`-th does not happen."""

    calls, stop = 0, 10**6

    def _count(self) -> None:
        type(self).calls += 1
        if type(self).calls > type(self).stop:
            raise KeyboardInterrupt

    def write(self, rows):
        self._count()
        super().write(rows)

    def remove(self, ids):
        self._count()
        super().remove(ids)

    def write_files(self, files):
        self._count()
        super().write_files(files)

    def remove_files(self, names):
        self._count()
        super().remove_files(names)


@pytest.mark.parametrize("new_root", [None, "/elsewhere"])
def test_a_push_stopped_at_any_moment_leaves_a_whole_index_and_goes_on(
    database, index, monkeypatch, new_root
):
    monkeypatch.setattr("vlret.index.pushed.rows._BATCH_BYTES", 4 * DIM * 7)
    push(index.folder, ADDRESS)
    old, rows, files = hits(index), dict(database.rows), dict(database.files)
    now = change(index.folder, new_root)
    new, gone = hits(now), {0, 1, 2}
    left = [[hit for hit in found if hit[0] not in gone] for found in old]
    database.__class__ = StoppedDatabase
    n_stops, seen = 0, []
    while True:
        for kept, before in ((database.rows, rows), (database.files, files)):
            kept.clear()
            kept.update(before)
        StoppedDatabase.calls, StoppedDatabase.stop = 0, n_stops
        reader = Index.open(ADDRESS)
        try:
            push(index.folder, ADDRESS)
        except KeyboardInterrupt:
            n_stops += 1
        else:
            break
        finally:
            StoppedDatabase.stop = 10**6
        assert hits(reader) in (old, left)
        seen.append(hits(Index.open(ADDRESS)) == new)
        assert seen[-1] or hits(Index.open(ADDRESS)) == old
        push(index.folder, ADDRESS)
        assert hits(Index.open(ADDRESS)) == new
        assert database.ids().tolist() == now.clip_ids.tolist()
    assert seen == sorted(seen)
    assert set(seen) == {False, True}
    assert n_stops > 5


def test_the_first_push_stopped_is_no_index_yet_and_goes_on(database, index, monkeypatch):
    monkeypatch.setattr("vlret.index.pushed.rows._BATCH_BYTES", 4 * DIM * 7)
    database.__class__ = StoppedDatabase
    StoppedDatabase.calls, StoppedDatabase.stop = 0, 4
    with pytest.raises(KeyboardInterrupt):
        push(index.folder, ADDRESS)
    StoppedDatabase.stop = 10**6
    with pytest.raises(DatabaseError) as caught:
        Index.open(ADDRESS)
    assert caught.value.code == "push_unfinished"
    assert push(index.folder, ADDRESS).written == 60 - 3 * 7


def test_what_a_stopped_push_of_another_revision_wrote_is_written_again(database, index, monkeypatch):
    push(index.folder, ADDRESS)
    database.__class__ = StoppedDatabase
    change(index.folder, "/elsewhere")
    StoppedDatabase.calls, StoppedDatabase.stop = 0, 2
    with pytest.raises(KeyboardInterrupt):
        push(index.folder, ADDRESS)
    StoppedDatabase.stop = 10**6
    move_root(index.folder, "/elsewhere", "/media/library")
    assert push(index.folder, ADDRESS).written == 63


def test_rows_of_another_model_are_written_again(database, index):
    push(index.folder, ADDRESS)
    path = index.folder / "manifest.json"
    values = json.loads(path.read_text())
    values["recipe"]["card"]["weights_hash"] = "1" * 64
    path.write_text(json.dumps(values))
    assert push(index.folder, ADDRESS).written == 60


def test_files_that_somebody_else_keeps_beside_the_rows_stay(database, index):
    database.files["holiday.jpg"] = b"not vlret's"
    push(index.folder, ADDRESS)
    change(index.folder)
    push(index.folder, ADDRESS)
    assert database.files["holiday.jpg"] == b"not vlret's"


def test_small_tables_may_be_replaced_while_rows_are_pushed(database, index, tmp_path, monkeypatch):
    table = tmp_path / "table.csv"
    table.write_text("path,mood\n/media/library/f001.mp4,glad\n")
    annotate(index.folder, table)
    ids = MemoryDatabase.ids

    def annotated_meanwhile(self):
        table.write_text("path,place\n/media/library/f001.mp4,here\n")
        annotate(index.folder, table)
        return ids(self)

    monkeypatch.setattr(MemoryDatabase, "ids", annotated_meanwhile)
    push(index.folder, ADDRESS)
    assert Index.open(ADDRESS).info()["columns"] == {"mood": "text"}


def test_a_table_of_another_index_or_of_something_else_is_refused(database, index, tmp_path):
    push(index.folder, ADDRESS)
    rows = dict(database.rows)
    other = synthetic_index(tmp_path / "other", unit_rows(5, DIM), 1)
    with pytest.raises(DatabaseError) as caught:
        push(other.folder, ADDRESS)
    assert caught.value.code == "other_index_pushed"
    database.remove_files(database.file_names())
    with pytest.raises(DatabaseError) as caught:
        push(index.folder, ADDRESS)
    assert caught.value.code == "other_index_pushed"
    assert database.rows == rows
    with pytest.raises(DatabaseError) as caught:
        Index.open(ADDRESS)
    assert caught.value.code == "no_pushed_index"


def test_a_large_index_is_searched_approximately_with_an_audited_effort(database, index, monkeypatch):
    monkeypatch.setattr(pushing, "MAX_EXACT", 50)
    report = push(index.folder, ADDRESS)
    header = read_header(database)
    assert (header.effort, header.recall_at_10, report.is_exact) == (
        2,
        1.0,
        False,
    )  # effort 1 sees half of the clips
    pushed = Index.open(ADDRESS)
    assert not pushed.backend.info().is_exact
    assert hits(pushed) == hits(index)
    monkeypatch.setattr(MemoryDatabase, "efforts", (1,))
    database.files.clear(), database.rows.clear()
    assert push(index.folder, ADDRESS).is_exact  # no effort finds enough


def test_recall_is_measured_again_after_a_push_that_was_stopped_behind_its_rows(database, index, monkeypatch):
    monkeypatch.setattr(pushing, "MAX_EXACT", 50)
    assert not push(index.folder, ADDRESS).is_exact
    change(index.folder)  # nine of 63 clips
    monkeypatch.setattr(MemoryDatabase, "efforts", (1,))  # which finds too little now
    database.__class__ = StoppedDatabase
    StoppedDatabase.calls, StoppedDatabase.stop = 0, 2  # the header and the rows
    with pytest.raises(KeyboardInterrupt):
        push(index.folder, ADDRESS)
    StoppedDatabase.stop = 10**6
    report = push(index.folder, ADDRESS)
    assert (report.written, report.is_exact) == (0, True)


def test_an_index_in_a_database_is_not_changed_there(database, index):
    push(index.folder, ADDRESS)
    for change_it in (Index.compact, Index.check):
        with pytest.raises(UsageError) as caught:
            change_it(Index.open(ADDRESS))
        assert caught.value.code == "index_in_database"


def test_small_tables_come_along(database, index, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("path,mood\n/media/library/f001.mp4,glad\n")
    annotate(index.folder, table)
    push(index.folder, ADDRESS)
    found = Index.open(ADDRESS)
    only = Filter(where="mood = 'glad'")
    expected = [hit.clip_id for hit in Index.open(index.folder).search(QUERIES[:1], only=only)[0]]
    assert [hit.clip_id for hit in found.search(QUERIES[:1], only=only)[0]] == expected
    assert expected
    assert found.info()["columns"] == {"mood": "text"}


def test_an_index_of_an_old_vlret_gets_an_id_first(database, index):
    path = index.folder / "manifest.json"
    values = json.loads(path.read_text())
    del values["id"]
    path.write_text(json.dumps(values))
    with pytest.raises(IndexFolderError) as caught:
        push(index.folder, ADDRESS)
    assert caught.value.code == "index_without_id"
    Index.open(index.folder).compact()
    assert push(index.folder, ADDRESS).written == 60
    assert push(index.folder, ADDRESS).written == 0


def test_an_index_without_clips_is_pushed_and_filled_later(database, tmp_path):
    folder = tmp_path / "empty"
    new_index(folder, DIM).commit()
    assert push(folder, ADDRESS).clips == 0
    assert hits(Index.open(ADDRESS)) == [[], [], []]
    change(folder)
    assert push(folder, ADDRESS).written == 6 - 3  # `change` drops the first three


def test_the_header_is_one_small_file(database, index):
    push(index.folder, ADDRESS)
    assert len(database.files[NAME]) < 2000
    assert Path(index.folder / "manifest.json").exists()
