"""What `prune` drops, and what it keeps because a drive may not be plugged in."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.index.stand_in import write_text_video
from vlret.cli.hints import with_options
from vlret.errors import IndexFolderError
from vlret.index.build import build_index
from vlret.index.index import Index

pytestmark = pytest.mark.usefixtures("text_pool", "small_shards")


def names(folder: Path) -> list[str]:
    return sorted(Index.open(folder).rows()["relative_path"].unique())


@pytest.fixture
def library(library: Path) -> Path:
    write_text_video(library / "mnt" / "usb" / "DCIM" / "1.mp4", 11)
    write_text_video(library / "mnt" / "usb" / "2.mp4", 12)
    return library


@pytest.mark.parametrize("mount_point", [True, False])
def test_a_missing_or_empty_sub_folder_is_kept_and_named(library, folder, model, mount_point) -> None:
    build_index(library, folder, model)
    shutil.rmtree(library / "mnt" / "usb")
    if mount_point:
        (library / "mnt" / "usb").mkdir()
    else:
        (library / "mnt" / "other").mkdir()
    (library / "a.mp4").unlink()
    report = build_index(library, folder, model, prune=True)
    assert names(folder) == ["c.mov", "mnt/usb/2.mp4", "mnt/usb/DCIM/1.mp4", "sub/b.mp4"]
    assert (report.dropped, report.missing_folders) == (2, {str(library / "mnt" / "usb"): 2})
    assert f"kept 2 files of {library / 'mnt' / 'usb'}, which is missing or empty" in str(report)
    again = build_index(library, folder, model, prune_missing_folders=True)
    assert (again.dropped, again.missing_folders) == (2, {})
    assert names(folder) == ["c.mov", "sub/b.mp4"]


def test_folders_are_named_as_far_up_as_they_are_empty(library, folder, model) -> None:
    build_index(library, folder, model)
    shutil.rmtree(library / "mnt" / "usb")
    report = build_index(library, folder, model, prune=True)
    assert report.missing_folders == {str(library / "mnt"): 2}


def test_files_missing_from_a_folder_that_is_there_are_dropped(library, folder, model) -> None:
    build_index(library, folder, model)
    (library / "mnt" / "usb" / "2.mp4").unlink()
    report = build_index(library, folder, model, prune=True)
    assert (report.dropped, report.missing_folders) == (1, {})


def test_a_whole_root_that_is_missing_is_dropped_only_when_asked(library, folder, model, tmp_path) -> None:
    write_text_video(tmp_path / "drive" / "d.mp4", 8)
    build_index([library, tmp_path / "drive"], folder, model)
    shutil.rmtree(tmp_path / "drive")
    with pytest.raises(IndexFolderError, match="prune_missing_folders=True") as caught:
        build_index(library, folder, model, prune=True)
    assert "--prune-missing-folders" in with_options(caught.value)
    assert "d.mp4" in names(folder)
    assert build_index(library, folder, model, prune_missing_folders=True).dropped == 1
    assert "d.mp4" not in names(folder)


def test_files_that_cannot_be_looked_at_are_not_dropped(library, folder, model, monkeypatch) -> None:
    build_index(library, folder, model)
    stat = os.stat

    def failing(path: object, **options: object) -> object:
        if "usb" in str(path):
            raise PermissionError(13, "Permission denied")
        return stat(path, **options)

    monkeypatch.setattr(os, "stat", failing)
    report = build_index(library / "sub", folder, model, prune=True)
    assert (report.dropped, report.missing_folders) == (0, {})
