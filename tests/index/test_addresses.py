"""Indexes of files at addresses: the same as of files on this machine, and nothing dropped for want of a path."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ColourEmbedder
from tests.index.conftest import write_image, write_video
from tests.refusal import refused
from tests.stores import remove, upload
from vlret.index import encode_files, gone, move
from vlret.index.annotate import annotate
from vlret.index.build import build_index, default_folder
from vlret.index.check import check_index
from vlret.index.estimate import estimate_index
from vlret.index.fingerprint import file_state, fingerprint
from vlret.index.index import Index
from vlret.index.move_root import move_root
from vlret.index.remove import remove_files
from vlret.media import local_copy
from vlret.object_store import write_bytes
from vlret.remote_path import RemotePath

SAME = [
    "clip_id",
    "relative_path",
    "start",
    "end",
    "fingerprint",
    "size",
    "duration_s",
    "width",
    "codec",
    "fps",
]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Two videos and a photograph."""
    folder = tmp_path / "library"
    write_video(folder / "a.mp4", ["red", "green"])
    write_video(folder / "sub" / "ü b.mp4", ["blue", "red", "green"])
    write_image(folder / "c.png", "green")
    return folder


@pytest.fixture
def remote(store: RemotePath, library: Path) -> RemotePath:
    upload(library, store)
    return store


@pytest.fixture
def on_s3(s3: RemotePath, library: Path) -> RemotePath:
    upload(library, s3)
    return s3


def build(source: object, folder: Path, **options: object):
    return build_index(source, folder, ColourEmbedder(), clips="window:1", **options)


def rows(folder: Path) -> pd.DataFrame:
    return Index.open(folder).rows()


def test_the_index_is_that_of_the_files_here(library: Path, remote: RemotePath, tmp_path: Path) -> None:
    build(library, tmp_path / "here")
    report = build(str(remote), tmp_path / "there")
    assert (report.new, report.clips, report.skipped) == (3, 6, ())
    here, there = Index.open(tmp_path / "here"), Index.open(tmp_path / "there")
    pd.testing.assert_frame_equal(here.rows()[SAME], there.rows()[SAME])
    np.testing.assert_array_equal(here.vectors(), there.vectors())
    assert there.manifest.roots == (str(remote),)
    assert set(there.rows()["path"]) == {f"{remote}/a.mp4", f"{remote}/sub/ü b.mp4", f"{remote}/c.png"}


def test_a_second_run_fetches_what_is_new_or_changed(
    on_s3: RemotePath, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(on_s3, tmp_path / "index")
    fetched: list[str] = []
    fetch = local_copy.fetch
    monkeypatch.setattr(
        local_copy, "fetch", lambda path, *rest: fetched.append(path.name) or fetch(path, *rest)
    )
    report = build(on_s3, tmp_path / "index")
    assert (report.new, report.unchanged, fetched) == (0, 3, [])
    write_video(library / "a.mp4", ["blue", "blue", "blue"])
    write_bytes(on_s3 / "a.mp4", (library / "a.mp4").read_bytes())
    write_bytes(on_s3 / "d.png", (library / "c.png").read_bytes())
    report = build(on_s3, tmp_path / "index")
    assert (report.new, report.unchanged, report.dropped) == (2, 2, 2)
    assert sorted(fetched) == ["a.mp4", "d.png"]
    assert len(rows(tmp_path / "index")) == 8


def test_the_same_content_at_another_time_is_not_encoded_again(
    on_s3: RemotePath, library: Path, tmp_path: Path
) -> None:
    os.utime(library / "a.mp4", (1, 1))
    assert fingerprint(on_s3 / "a.mp4") == fingerprint(library / "a.mp4")
    assert fingerprint(on_s3 / "c.png") == fingerprint(library / "c.png")
    size, mtime_ns = file_state(on_s3 / "a.mp4")
    assert (size, mtime_ns > 1e18) == (os.path.getsize(library / "a.mp4"), True)
    write_bytes(on_s3 / "empty.mp4", b"")
    (library / "empty.mp4").touch()
    assert fingerprint(on_s3 / "empty.mp4") == fingerprint(library / "empty.mp4")


def test_a_library_that_moved_to_a_store_keeps_its_vectors(
    library: Path, on_s3: RemotePath, tmp_path: Path
) -> None:
    build(library, tmp_path / "index")
    before = Index.open(tmp_path / "index")
    shutil.rmtree(library)
    report = build(on_s3, tmp_path / "index")
    assert (report.new, report.moved, report.unchanged) == (0, 3, 3)
    after = Index.open(tmp_path / "index")
    assert {Path(path).name for path in after.rows()["path"]} == {"a.mp4", "c.png", "ü b.mp4"}
    assert all(path.startswith(f"{on_s3}/") for path in after.rows()["path"])
    np.testing.assert_array_equal(np.sort(before.vectors(), 0), np.sort(after.vectors(), 0))


def test_an_object_that_was_renamed_keeps_its_vectors(
    on_s3: RemotePath, library: Path, tmp_path: Path
) -> None:
    build(on_s3, tmp_path / "index")
    write_bytes(on_s3 / "new/z.mp4", (library / "a.mp4").read_bytes())
    remove(on_s3 / "a.mp4")
    report = build(on_s3, tmp_path / "index", prune=True)
    assert (report.new, report.moved, report.dropped) == (0, 1, 0)


def test_the_directory_of_a_library_is_recorded_as_moved(
    library: Path, on_s3: RemotePath, tmp_path: Path
) -> None:
    build(library, tmp_path / "index")
    move_root(tmp_path / "index", library, on_s3)
    assert Index.open(tmp_path / "index").manifest.roots == (str(on_s3),)
    assert build(on_s3, tmp_path / "index").unchanged == 3
    move_root(tmp_path / "index", str(on_s3), library)
    assert build(library, tmp_path / "index").unchanged == 3


def test_pruning_drops_what_a_listing_lacks_and_nothing_else(
    remote: RemotePath, library: Path, tmp_path: Path
) -> None:
    """Files at addresses that this run does not list are not looked at."""
    folder = tmp_path / "index"
    build([str(remote), str(library)], folder)
    remove(remote / "a.mp4")
    remove(remote / "sub/ü b.mp4")
    report = build(library, folder, prune=True, prune_missing_folders=True)
    assert (report.dropped, len(rows(folder))) == (0, 12)
    report = build(remote, folder)
    assert (report.dropped, len(rows(folder))) == (0, 12)
    report = build(remote, folder, prune=True)
    assert (report.dropped, report.missing_folders) == (5, {})
    assert set(rows(folder)["root"]) == {str(remote), str(library)}
    left = rows(folder)
    assert list(left[left["root"] == str(remote)]["relative_path"]) == ["c.png"]


def test_pruning_keeps_hidden_and_excluded_objects_that_are_there(
    s3: RemotePath, library: Path, tmp_path: Path
) -> None:
    write_bytes(s3 / ".trash/a.mp4", (library / "a.mp4").read_bytes())
    write_bytes(s3 / "b.png", (library / "c.png").read_bytes())
    build([s3 / ".trash", s3], tmp_path / "index")
    assert len(rows(tmp_path / "index")) == 3
    report = build(s3, tmp_path / "index", prune=True, exclude="b.png")
    assert (report.dropped, report.excluded, len(rows(tmp_path / "index"))) == (0, 1, 3)


def test_an_empty_store_prunes_nothing(on_s3: RemotePath, tmp_path: Path) -> None:
    """A directory of no objects does not exist."""
    build(on_s3, tmp_path / "index")
    for name in ("a.mp4", "c.png", "sub/ü b.mp4"):
        remove(on_s3 / name)
    with refused("source_missing"):
        build(on_s3, tmp_path / "index", prune=True)
    assert len(rows(tmp_path / "index")) == 6


def test_a_damaged_object_is_final_and_one_that_vanishes_is_tried_again(
    on_s3: RemotePath, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bytes(on_s3 / "bad.mp4", b"\0" * 1000)
    fetch = local_copy.fetch

    def vanishing(path: RemotePath, *rest: object) -> None:
        if path.name == "a.mp4":
            remove(path)
        fetch(path, *rest)

    monkeypatch.setattr(local_copy, "fetch", vanishing)
    report = build(on_s3, tmp_path / "index")
    assert (report.new, report.clips) == (2, 4)
    assert {(file.path.name, file.reason) for file in report.skipped} >= {
        ("a.mp4", "cannot be fetched: no such object or bucket")
    }
    monkeypatch.setattr(local_copy, "fetch", fetch)
    write_bytes(on_s3 / "a.mp4", (library / "a.mp4").read_bytes())
    seen: list[str] = []
    monkeypatch.setattr(local_copy, "fetch", lambda path, *rest: seen.append(path.name) or fetch(path, *rest))
    assert build(on_s3, tmp_path / "index").new == 1
    assert seen == ["a.mp4"]


def test_an_object_that_changes_while_it_is_read_gives_no_rows(
    on_s3: RemotePath, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = encode_files.fingerprint

    def changing(path: RemotePath) -> str:
        if path.name == "c.png":
            write_bytes(path, b"other")
        return taken(path)

    states = encode_files.file_state
    monkeypatch.setattr(encode_files, "file_state", lambda path: changing(path) and states(path))
    report = build(on_s3, tmp_path / "index")
    assert [(file.path.name, file.reason) for file in report.skipped] == [
        ("c.png", "changed while it was read; run again")
    ]


def test_a_network_that_fails_after_a_file_was_read_costs_one_run(
    on_s3: RemotePath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(path: RemotePath) -> str:
        raise OSError(104, "Connection reset by peer")

    with monkeypatch.context() as patch:
        patch.setattr(encode_files, "fingerprint", failing)
        assert [file.reason for file in build(on_s3, tmp_path / "index").skipped] == [
            "cannot be read: Connection reset by peer"
        ] * 3
    assert build(on_s3, tmp_path / "index").new == 3


def test_moments_are_stored(on_s3: RemotePath, tmp_path: Path) -> None:
    build(on_s3, tmp_path / "index", moments=True)
    index = Index.open(tmp_path / "index")
    assert index.windows(f"{on_s3}/a.mp4") is not None


def test_upkeep_asks_nobody(on_s3: RemotePath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening, searching, checking, annotating and removing need the index alone."""
    folder = tmp_path / "index"
    build(on_s3, folder)
    monkeypatch.setattr("vlret.object_store.file_system", None)
    index = Index.open(folder)
    assert len(index.search(index.vectors()[:1], k=3)) >= 1
    report = check_index(folder)
    assert (report.files, report.gone, report.damaged) == (3, (), ())
    assert report.remote == 3
    (tmp_path / "table.csv").write_text(f"path,shot\n{on_s3}/a.mp4,1\nc.png,2\nsub/ü b.mp4,3\n")
    assert annotate(folder, tmp_path / "table.csv").files == 3
    removed = remove_files(folder, [f"{on_s3}/sub"])
    assert (removed.files, removed.clips) == (1, 3)
    assert remove_files(folder, [f"{on_s3}/*.png"]).files == 1


def test_filters_and_patterns_match_addresses(on_s3: RemotePath, tmp_path: Path) -> None:
    build(on_s3, tmp_path / "index", exclude=f"{on_s3}/sub/*")
    assert set(rows(tmp_path / "index")["relative_path"]) == {"a.mp4", "c.png"}
    index = Index.open(tmp_path / "index")
    for pattern in (f"{on_s3}/a*", "a.mp4", "*.mp4"):
        assert len(index.search(index.vectors()[:1], k=9, one_per_file=False, only=pattern)[0]) == 2


def test_nothing_is_estimated(on_s3: RemotePath, tmp_path: Path) -> None:
    with refused("estimate_of_addresses"):
        estimate_index(on_s3, tmp_path / "index", ColourEmbedder())


def test_an_index_at_an_address_is_refused(
    on_s3: RemotePath, library: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for out in (on_s3 / "index", str(on_s3), Path(str(on_s3))):
        with refused("index_at_address"):
            build(library, out)
        with refused("index_at_address"):
            Index.open(out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["library"]


def test_files_that_are_gone_here_are_not_looked_for_there() -> None:
    path = RemotePath("s3://no-such-bucket/a.mp4")
    assert not gone.is_gone(path)
    assert not gone.is_gone(str(path))
    assert not gone.is_gone_from(path, {})
    assert not gone.is_gone_from(path, {RemotePath("s3://no-such"): ()})
    assert gone.is_gone_from(path, {RemotePath("s3://no-such-bucket"): ()})
    assert not gone.is_gone_from(path, {RemotePath("s3://no-such-bucket"): (path,)})
    assert move.MoveFinder([]).find(path, 5) is None


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("s3://footage", "footage"),
        ("s3://footage/2026.05/", "2026.05"),
        ("gs://footage/2026/a.b.mp4", "a.b"),
        ("s3://footage/2026/**/*.mp4", "2026"),
        ("s3://footage/list.csv", "list"),
    ],
)
def test_an_index_is_named_after_its_address(source: str, name: str) -> None:
    assert default_folder([source]) == default_folder([Path(source)]) == Path("indexes", name)
