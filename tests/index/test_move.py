"""Files that were moved, renamed, copied or doubled."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.index.stand_in import CircleEmbedder, write_text_video
from tests.index.test_kill import run_killed
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.index.move_root import move_root
from vlret.index.report import BuildReport
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.tables import FileRow
from vlret.index.writer import IndexWriter
from vlret.types import Clip

pytestmark = pytest.mark.usefixtures("text_pool", "small_shards")


def counts(report: BuildReport) -> tuple[int, int, int]:
    """New, unchanged and moved files; also checks that every file is accounted for."""
    assert report.found == report.new + report.unchanged + len(report.skipped)
    return report.new, report.unchanged, report.moved


def clips(folder: Path) -> pd.DataFrame:
    """The clips of an index with their vectors, but for what a move may change: clip_id and place."""
    index = Index.open(folder)
    vectors = pd.DataFrame(index.vectors())
    rows = index.rows()[["relative_path", "start", "end", "fingerprint", "size"]]
    return pd.concat([rows, vectors], axis=1).sort_values(["relative_path", "start"], ignore_index=True)


def paths(folder: Path) -> list[str]:
    return sorted(Index.open(folder).rows()["path"].unique())


def test_a_renamed_folder_keeps_its_vectors(library, folder, model, tmp_path) -> None:
    build_index(library, folder, model)
    before, model.n_clips_seen = clips(folder), 0
    moved = library.rename(tmp_path / "moved")
    report = build_index(moved, folder, model)
    assert counts(report) == (0, 3, 3)
    assert report.dropped == 0
    assert model.n_clips_seen <= 1  # bad.mp4 is tried again in its new place, and fails after its first clip
    pd.testing.assert_frame_equal(clips(folder), before)
    assert paths(folder) == sorted(str(moved / name) for name in ("a.mp4", "c.mov", "sub/b.mp4"))
    assert "3 files moved, embeddings kept" in str(report)
    assert counts(build_index(moved, folder, model, prune=True)) == (0, 3, 0)


@pytest.mark.parametrize(("old", "new"), [("a.mp4", "b.mp4"), ("sub", "other"), ("c.mov", "sub/deep/c.mkv")])
def test_a_renamed_file_or_folder_inside_a_root_keeps_its_vectors(library, folder, model, old, new) -> None:
    build_index(library, folder, model)
    before, model.n_clips_seen = clips(folder), 0
    (library / new).parent.mkdir(exist_ok=True)
    (library / old).rename(library / new)
    report = build_index(library, folder, model)
    assert counts(report) == (0, 3, 1)
    assert model.n_clips_seen == 0
    assert len(clips(folder)) == len(before)
    assert not any(path.startswith(str(library / old)) for path in paths(folder))


def test_a_file_moved_over_another_takes_its_place(library, folder, model) -> None:
    build_index(library, folder, model)
    (library / "a.mp4").replace(library / "c.mov")
    assert counts(build_index(library, folder, model)) == (0, 2, 1)
    assert len(Index.open(folder)) == 3
    assert list(clips(folder)["relative_path"]) == ["c.mov", "c.mov", "sub/b.mp4"]


def test_a_copy_is_a_new_file(library, folder, model) -> None:
    build_index(library, folder, model)
    shutil.copy(library / "a.mp4", library / "copy.mp4")
    assert counts(build_index(library, folder, model)) == (1, 3, 0)


def test_two_files_of_one_content_are_two_moved_files(library, folder, model, tmp_path) -> None:
    shutil.copy(library / "a.mp4", library / "copy.mp4")
    build_index(library, folder, model)
    moved = library.rename(tmp_path / "moved")
    shutil.copy(moved / "a.mp4", moved / "third.mp4")
    assert counts(build_index(moved, folder, model)) == (1, 4, 4)
    assert len(paths(folder)) == 5


def test_a_file_of_the_same_size_and_other_content_was_not_moved(library, folder, model) -> None:
    build_index(library, folder, model)
    (library / "a.mp4").unlink()
    write_text_video(library / "new.mp4", 3, 4)
    assert counts(build_index(library, folder, model)) == (1, 2, 0)


def test_a_file_that_cannot_be_looked_at_was_not_moved(library, folder, model, monkeypatch) -> None:
    build_index(library, folder, model)
    shutil.copy(library / "a.mp4", library / "b.mp4")
    out_of_reach(monkeypatch, library / "a.mp4")
    assert counts(build_index(library / "b.mp4", folder, model)) == (1, 0, 0)


def out_of_reach(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    stat = os.stat

    def failing(file: object, **options: object) -> object:
        if str(file) == str(path):
            raise OSError(5, "Input/output error")
        return stat(file, **options)

    monkeypatch.setattr(os, "stat", failing)


def double(folder: Path, library: Path, moved: Path, model: CircleEmbedder) -> None:
    """Make the index as vlret 0.1 left it after `mv library moved; vlret index moved`."""
    build_index(library, folder, model)
    library.rename(moved)
    snapshot = Snapshot.read(Store(folder))
    rows, vectors = snapshot.rows, Index.open(folder).vectors()
    writer = IndexWriter(snapshot, [str(library), str(moved)])
    for path, group in rows.groupby("path", sort=False):
        first = group.iloc[0]
        spans = [Clip(Path(path), row.start, row.end) for row in group.itertuples()]
        file = FileRow(1, str(path), int(first["size"]), int(first["mtime_ns"]))
        writer.add(file, first["fingerprint"], spans, vectors[group.index], np.empty(0, np.int64))
    writer.commit()
    assert len(Index.open(folder)) == 14


def test_pruning_heals_an_index_that_was_doubled_by_a_move(library, folder, model, tmp_path) -> None:
    double(folder, library, tmp_path / "moved", model)
    report = build_index(tmp_path / "moved", folder, model, prune=True)
    assert (counts(report), report.dropped) == ((0, 3, 0), 7)
    assert len(Index.open(folder)) == 7


def test_merging_roots_removes_duplicates(library, folder, model, tmp_path) -> None:
    double(folder, library, tmp_path / "moved", model)
    move_root(folder, library, tmp_path / "moved")
    assert len(Index.open(folder)) == 7
    assert counts(build_index(tmp_path / "moved", folder, model, prune=True)) == (0, 3, 0)


def test_an_index_that_was_merged_into_doubles_is_healed_by_the_next_run(
    library, folder, model, tmp_path
) -> None:
    moved = tmp_path / "moved"
    double(folder, library, moved, model)
    store = Store(folder)
    store.commit(store.read_manifest().next(roots=(str(moved), str(moved))))  # vlret 0.1: --moved-from
    assert counts(build_index(moved, folder, model)) == (0, 3, 0)
    assert len(Index.open(folder)) == 7


def test_a_move_that_is_killed_at_any_moment_loses_nothing(library, tmp_path) -> None:
    base = tmp_path / "runs"
    build_index(library, base / "start", CircleEmbedder())
    before = clips(base / "start")
    moved = library.rename(tmp_path / "moved")
    n_killed = run_killed("build", moved, base)
    assert n_killed > 5
    for step in range(n_killed):
        folder = base / str(step)
        pd.testing.assert_frame_equal(clips(folder), before)
        assert build_index(moved, folder, CircleEmbedder()).new == 0
        pd.testing.assert_frame_equal(clips(folder), before)
        assert not any(str(library) in path for path in paths(folder))
