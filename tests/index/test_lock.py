from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
from pathlib import Path

import pytest

from vlret.errors import IndexFolderError
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
