"""Durations by headers, in a child that a file may hang or kill."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from PIL import Image

from vlret.media.open_media import open_media
from vlret.media.pool import read_headers as module
from vlret.media.pool.read_headers import read_headers


@pytest.mark.parametrize(
    "name", ["constant.mp4", "vfr.mkv", "edit_list.mp4", "stream.ts", "divx.avi", "vp9.webm"]
)
def test_it_is_near_the_true_one(odd, name):
    with open_media(odd(name)) as media:
        expected = media.info.duration
    assert dict(read_headers([odd(name)])) == {odd(name): pytest.approx(expected, abs=0.3)}


def test_images_have_none_and_what_cannot_be_read_is_unknown(odd, tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.jpg")
    (tmp_path / "bad.mp4").write_bytes(b"nothing")
    (tmp_path / "empty.mp4").touch()
    files = [tmp_path / "bad.mp4", tmp_path / "photo.jpg", tmp_path / "empty.mp4", tmp_path / "gone.mp4"]
    assert [length for _, length in read_headers([*files, odd("no_index_left.mp4")])] == [
        None, 0.0, None, None, None,
    ]  # fmt: skip


def test_a_child_that_dies_costs_one_file(odd, monkeypatch):
    film, begun = odd("constant.mp4"), []

    class Dying(module.Child):
        def __init__(self, memory_bytes: int) -> None:
            super().__init__(memory_bytes)
            begun.append(self.pid)

        def send(self, request):
            if len(begun) == 1:
                os.kill(self.pid, signal.SIGKILL)
            super().send(request)

    monkeypatch.setattr(module, "Child", Dying)
    assert [length for _, length in read_headers([film, film])] == [None, pytest.approx(4.0, abs=0.3)]
    assert len(begun) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in begun)


def test_a_child_that_hangs_is_killed(odd, monkeypatch):
    monkeypatch.setattr(module, "LIMIT_S", 0.0)
    assert [length for _, length in read_headers([odd("constant.mp4")])] == [None]
