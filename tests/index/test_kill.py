"""A writer killed at any step leaves a whole index, and the next run ends where an undisturbed one does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.index.stand_in import CircleEmbedder, write_text_video
from vlret.index import build
from vlret.index.build import build_index
from vlret.index.duplicates import JudgedPair, record_pairs
from vlret.index.index import Index
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes"),
    pytest.mark.usefixtures("text_pool", "small_shards"),
]


def run_killed(job: str, library: Path, base: Path) -> int:
    base.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.index.kill_runs", job, str(library), str(base)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def contents(folder: Path) -> pd.DataFrame:
    """Rows and vectors in an order that does not depend on when they were written."""
    index = Index.open(folder)
    rows = index.rows().drop(columns="clip_id").assign(vector=[tuple(v) for v in index.vectors().tolist()])
    return rows.sort_values(["path", "start"]).reset_index(drop=True)


def write_library(folder: Path) -> Path:
    for number in range(6):
        write_text_video(folder / f"{number}.mp4", number, number + 100)
    write_text_video(folder / "long.mp4", *range(30, 39))
    write_text_video(folder / "bad.mp4", 1, "bad")
    return folder


def change_library(folder: Path) -> None:
    write_text_video(folder / "0.mp4", 50, 51, 52)
    write_text_video(folder / "long.mp4", 60)
    write_text_video(folder / "1.mp4", "bad")
    write_text_video(folder / "bad.mp4", 1, 2)
    write_text_video(folder / "new.mp4", 70)
    (folder / "2.mp4").unlink()


def by_file(rows: pd.DataFrame) -> dict[str, list[dict]]:
    return {path: clips.to_dict("records") for path, clips in rows.groupby("path")}


def assert_whole(folder: Path, allowed: list[pd.DataFrame]) -> None:
    """Every file has exactly the clips that one of the `allowed` contents has of it."""
    assert Index.open(folder).check() == []
    now, *versions = map(by_file, [contents(folder), *allowed])
    for path in set().union(now, *versions):
        assert now.get(path) in [version.get(path) for version in versions], path


def test_a_killed_first_run_is_completed_by_the_next(tmp_path: Path) -> None:
    library = write_library(tmp_path / "library")
    build_index(library, tmp_path / "whole", CircleEmbedder())
    whole = contents(tmp_path / "whole")
    n_killed = run_killed("build", library, tmp_path / "runs")
    assert n_killed > 25
    seen_counts = set()
    for step in range(n_killed):
        folder = tmp_path / "runs" / str(step)
        if (folder / "manifest.json").exists():
            assert_whole(folder, [whole.iloc[:0], whole])
            seen_counts.add(len(Index.open(folder)))
        build_index(library, folder, CircleEmbedder())
        pd.testing.assert_frame_equal(contents(folder), whole)
        assert not list(folder.rglob("*.part"))
    assert len(seen_counts) > 3  # kills fell between commits, not all before the first


def test_a_killed_update_never_mixes_old_and_new_rows_of_a_file(tmp_path: Path) -> None:
    library, base = write_library(tmp_path / "library"), tmp_path / "runs"
    build_index(library, base / "start", CircleEmbedder())
    before = contents(base / "start")
    change_library(library)
    build_index(library, tmp_path / "whole", CircleEmbedder())
    after = contents(tmp_path / "whole")
    n_killed = run_killed("build", library, base)
    assert n_killed > 15
    for step in range(n_killed):
        folder = base / str(step)
        assert_whole(folder, [before, after])
        build_index(library, folder, CircleEmbedder(), prune=True)
        pd.testing.assert_frame_equal(contents(folder), after)
        assert [file.path.name for file in Index.open(folder).skipped] == ["1.mp4"]


def test_a_killed_run_that_cuts_by_meaning_is_completed_by_the_next(tmp_path: Path) -> None:
    library = write_library(tmp_path / "library")
    build_index(library, tmp_path / "whole", CircleEmbedder(), clips="meaning:1")
    whole = contents(tmp_path / "whole")
    assert whole.groupby("path").size().tolist() == [2, 2, 2, 2, 2, 2, 1]
    n_killed = run_killed("meaning", library, tmp_path / "runs")
    assert n_killed > 15
    for step in range(n_killed):
        folder = tmp_path / "runs" / str(step)
        if (folder / "manifest.json").exists():
            assert_whole(folder, [whole.iloc[:0], whole])
        build_index(library, folder, CircleEmbedder(), clips="meaning:1")
        pd.testing.assert_frame_equal(contents(folder), whole)


def windows_of(folder: Path, library: Path) -> dict[str, list | None]:
    """The stored windows of each file, None where it has none."""
    index = Index.open(folder)
    found = {path.name: index.windows(path) for path in library.iterdir()}
    return {name: windows and windows.vectors.tolist() for name, windows in found.items()}


def test_a_killed_run_that_stores_windows_is_completed_by_the_next(tmp_path: Path) -> None:
    library, base = write_library(tmp_path / "library"), tmp_path / "runs"
    build_index(library, base / "start", CircleEmbedder(), moments=True)
    before = windows_of(base / "start", library)
    change_library(library)
    build_index(library, tmp_path / "whole", CircleEmbedder(), moments=True)
    whole = windows_of(tmp_path / "whole", library)
    assert {name for name, windows in whole.items() if windows is None} == {"1.mp4"}
    n_killed = run_killed("moments", library, base)
    assert n_killed > 20
    n_stored = set()
    for step in range(n_killed):
        folder = base / str(step)
        assert Index.open(folder).check() == []
        now = windows_of(folder, library)
        assert all(now[name] in (None, before.get(name), whole[name]) for name in now)
        n_stored.add(sum(windows is not None for windows in now.values()))
        build_index(library, folder, CircleEmbedder(), prune=True)
        assert windows_of(folder, library) == whole
        Index.open(folder).compact()
        assert windows_of(folder, library) == whole
    assert len(n_stored) > 2


def test_a_killed_compaction_changes_nothing_but_the_files(tmp_path: Path) -> None:
    library, base = write_library(tmp_path / "library"), tmp_path / "runs"
    build_index(library, base / "start", CircleEmbedder(), moments=True)
    change_library(library)
    build_index(library, base / "start", CircleEmbedder(), prune=True)
    expected, windows = contents(base / "start"), windows_of(base / "start", library)
    n_killed = run_killed("compact", library, base)
    assert n_killed > 10
    for step in range(n_killed):
        pd.testing.assert_frame_equal(contents(base / str(step)), expected)
        assert windows_of(base / str(step), library) == windows
        assert Index.open(base / str(step)).check() == []


def test_a_killed_record_of_pairs_leaves_the_old_or_the_new_table(tmp_path: Path) -> None:
    library, base = write_library(tmp_path / "library"), tmp_path / "runs"
    build_index(library, base / "start", CircleEmbedder())
    store, old = Store(base / "start"), JudgedPair("1" * 32, "2" * 32, "copy", False, 1.0, 4.0, 0.0, 3.0)
    record_pairs(store, store.read_manifest(), [old])
    expected = contents(base / "start")
    n_killed = run_killed("pairs", library, base)
    assert n_killed >= 4
    seen_counts = set()
    for step in range(n_killed):
        folder = base / str(step)
        pairs = Snapshot.read(Store(folder)).pairs
        assert pairs[old.pair] == old
        assert Index.open(folder).check() == []
        seen_counts.add(len(pairs))
        build_index(library, folder, CircleEmbedder())
        pd.testing.assert_frame_equal(contents(folder), expected)
        assert len(list(folder.glob("duplicates-*.parquet"))) == 1  # the other one was swept away
    assert seen_counts == {1, 2}


def test_kills_at_random_moments_end_where_an_undisturbed_run_does() -> None:
    """Ten here; by hand: python -m tests.index.random_kills --kills 100 --seed 0."""
    command = [sys.executable, "-m", "tests.index.random_kills", "--kills", "10", "--seed", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) >= 10


def test_ctrl_c_keeps_the_files_that_were_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = write_library(tmp_path / "library")
    model = CircleEmbedder(batch_size=1)
    encode = model.encode_pixels

    def interrupted(clips: list) -> list:
        if model.n_clips_seen == 5:
            raise KeyboardInterrupt
        return encode(clips)

    monkeypatch.setattr(model, "encode_pixels", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_index(library, tmp_path / "index", model)
    assert Index.open(tmp_path / "index").rows()["path"].nunique() == 2


def test_readers_see_a_whole_index_while_a_writer_works(tmp_path: Path) -> None:
    library, folder = write_library(tmp_path / "library"), tmp_path / "index"
    build_index(library, folder, CircleEmbedder())
    command = [sys.executable, "-m", "tests.index.churn", str(library), str(folder)]
    with subprocess.Popen(command) as writer:
        revisions, n_reads = set(), 0
        while writer.poll() is None:
            index = Index.open(folder)
            rows = index.rows()
            # churn gives every clip of a file the same new number, and files two clips or four
            assert rows.groupby("path")["fingerprint"].nunique().eq(1).all()
            assert set(rows[rows["path"].str.contains("churn")].groupby("path").size()) <= {2, 4}
            revisions.add(index.manifest.revision)
            n_reads += 1
            time.sleep(0.002)
    assert writer.returncode == 0
    assert len(revisions) > 5
    assert n_reads > 10
    assert build.Store(folder).find_damage(Index.open(folder).manifest) == []
