from __future__ import annotations

import errno
import fcntl
import json
import multiprocessing
import os
import signal
import socket
from pathlib import Path

import pytest

from tests.index.synthetic import synthetic_index, unit_rows
from vlret.cli.hints import with_options
from vlret.errors import IndexFolderError
from vlret.index.index import Index
from vlret.index.lock import LOCK, writer_lock


def hold(folder: Path, ready: multiprocessing.synchronize.Event) -> None:
    with writer_lock(folder):
        ready.set()
        signal.pause()


@pytest.fixture
def holder(tmp_path: Path) -> multiprocessing.Process:
    """Another process that holds the lock of `tmp_path`."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=hold, args=[tmp_path, ready], daemon=True)
    process.start()
    assert ready.wait(60)
    yield process
    process.kill()
    process.join()


def test_a_second_writer_is_told_who_holds_the_lock(tmp_path: Path, holder) -> None:
    with pytest.raises(IndexFolderError) as caught, writer_lock(tmp_path):
        pass
    assert f"process {holder.pid} on {socket.gethostname()} since 20" in caught.value.message
    assert str(tmp_path / LOCK) in caught.value.hint


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path: Path, holder) -> None:
    holder.kill()
    holder.join()
    assert json.loads((tmp_path / LOCK).read_text())["pid"] == holder.pid
    with writer_lock(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()


def test_one_process_cannot_hold_it_twice(tmp_path: Path) -> None:
    with writer_lock(tmp_path), pytest.raises(IndexFolderError), writer_lock(tmp_path):
        pass


def test_it_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), writer_lock(tmp_path):
        _ = 1 / 0
    with writer_lock(tmp_path):
        pass


def test_a_lock_of_another_host_is_respected(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text('{"pid": 7, "host": "elsewhere", "since": "2026-01-01T00:00:00+00:00"}')
    with pytest.raises(IndexFolderError, match="process 7 on elsewhere"), writer_lock(tmp_path):
        pass


def test_a_lock_torn_by_a_kill_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text('{"pid": 7, "ho')
    with writer_lock(tmp_path):
        pass


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EIO])
def test_a_share_without_file_locks_says_what_to_do(code: int, tmp_path: Path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    expected = f"cannot be locked: {os.strerror(code)}"
    with pytest.raises(IndexFolderError, match=expected) as caught, writer_lock(tmp_path / "index"):
        pass
    assert caught.value.code == "no_file_locks"
    assert "--out" in with_options(caught.value)
    assert (tmp_path / "index" / LOCK).read_bytes() == b""


def test_an_index_on_a_share_without_file_locks_can_be_searched(tmp_path: Path, monkeypatch) -> None:
    index = synthetic_index(tmp_path / "index", unit_rows(5, 8))
    monkeypatch.setattr(fcntl, "flock", None)
    assert len(Index.open(index.folder).search(unit_rows(1, 8))[0]) == 2  # files


@pytest.mark.parametrize("kind", ["link", "dangling link", "hard link", "FIFO", "folder"])
def test_a_lock_that_is_no_plain_file_is_left_as_it_is(kind: str, tmp_path: Path) -> None:
    other, lock = tmp_path / "other", tmp_path / LOCK
    other.write_text("of the user")
    make = {
        "link": lambda: lock.symlink_to(other),
        "dangling link": lambda: lock.symlink_to(tmp_path / "new"),
        "hard link": lambda: lock.hardlink_to(other),
        "FIFO": lambda: os.mkfifo(lock),
        "folder": lock.mkdir,
    }
    make[kind]()
    with pytest.raises(IndexFolderError, match="lock is a"), writer_lock(tmp_path):
        pass
    assert other.read_text() == "of the user"
    assert not (tmp_path / "new").exists()


def test_the_text_of_a_lock_is_printed_without_control_characters(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text(json.dumps({"pid": "\x1b[2J", "host": "a\nb" * 100, "since": {"x": 1}}))
    with pytest.raises(IndexFolderError) as caught, writer_lock(tmp_path):
        pass
    assert str(caught.value).isprintable()
    assert len(caught.value.message) < 400
