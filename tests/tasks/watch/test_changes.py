"""Waiting for changes: by events, by time, and for folders that come and go."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from vlret.errors import MissingExtraError
from vlret.tasks.watch import changes as changes_module
from vlret.tasks.watch.changes import Changes

LONG_S = 30.0


def waited(changes: Changes, at_most_s: float = LONG_S) -> float:
    started_s = time.monotonic()
    changes.wait(at_most_s)
    return time.monotonic() - started_s


def after(seconds: float, action) -> None:
    threading.Timer(seconds, action).start()


@pytest.fixture
def changes(tmp_path):
    with Changes([tmp_path]) as opened:
        assert waited(opened) < 3  # the first call opens it: what came before may have been missed
        yield opened


@pytest.mark.parametrize("name", ["film.mp4", "Photo.JPG", "below/film.mkv"])
def test_a_media_file_wakes(changes, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    if "below" in name:
        assert waited(changes) < 10
    after(0.2, (tmp_path / name).touch)
    assert waited(changes) < 10


def test_other_files_do_not(changes, tmp_path):
    after(0.1, (tmp_path / "film.mp4.part").touch)
    after(0.1, (tmp_path / "notes.txt").touch)
    assert waited(changes, 2.0) >= 2.0


def test_what_happened_since_the_last_wait_wakes(changes, tmp_path):
    (tmp_path / "film.mp4").touch()
    time.sleep(0.5)
    assert waited(changes) < 10


def test_a_folder_that_comes_wakes_and_is_watched(tmp_path):
    folder = tmp_path / "drive"
    with Changes([folder]) as changes:
        after(0.2, folder.mkdir)
        assert waited(changes) < 10
        after(0.2, (folder / "film.mp4").touch)
        assert waited(changes) < 10


def test_a_folder_that_is_replaced_is_watched_again(tmp_path):
    folder = tmp_path / "drive"
    folder.mkdir()
    with Changes([folder]) as changes:
        waited(changes)
        folder.rename(tmp_path / "away")
        assert waited(changes) < 10
        folder.mkdir()
        assert waited(changes) < 10
        after(0.2, (folder / "film.mp4").touch)
        assert waited(changes) < 10


def test_polling_returns_after_its_time_and_needs_no_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with Changes([tmp_path], poll_s=0.3) as changes:
        (tmp_path / "film.mp4").touch()
        assert 0.3 <= waited(changes) < 5
    with pytest.raises(MissingExtraError) as caught:
        Changes([tmp_path])
    assert caught.value.code == "no_watchfiles"


def test_a_network_drive_is_polled_beside_one_with_events(tmp_path, monkeypatch):
    (tmp_path / "nas").mkdir()
    (tmp_path / "local").mkdir()
    monkeypatch.setattr(changes_module, "is_network_drive", lambda folder: folder.name == "nas")
    monkeypatch.setattr(changes_module, "POLL_S", 4.0)
    with Changes([tmp_path / "nas", tmp_path / "local"]) as changes:
        waited(changes)
        after(0.2, (tmp_path / "local/film.mp4").touch)
        assert waited(changes) < 3.5
        assert waited(changes) >= 4


def test_without_free_watches_it_polls(tmp_path, monkeypatch, caplog):
    def no_watches(*folders: Path, **_: object):
        raise OSError(28, "No space left on device")
        yield

    monkeypatch.setattr("watchfiles.watch", no_watches)
    monkeypatch.setattr(changes_module, "POLL_S", 0.3)
    with Changes([tmp_path]) as changes:
        waited(changes)
        waited(changes)
        assert "No events of changes" in caplog.text
        assert 0.3 <= waited(changes) < 5
