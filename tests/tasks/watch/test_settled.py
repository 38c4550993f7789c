"""A file is taken once, when its size and time have stood still."""

from __future__ import annotations

import os

import pytest

from vlret.media.sources import MediaFile
from vlret.tasks.watch.settled import SettledFiles


@pytest.fixture
def film(tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"1")
    return MediaFile(tmp_path, tmp_path / "film.mp4")


@pytest.fixture
def clock():
    return [0.0]


@pytest.fixture
def settled(clock):
    return SettledFiles(5.0, lambda: clock[0])


def test_a_file_that_grows_is_waited_for(film, settled, clock):
    for second in range(0, 40, 4):
        clock[0] = second
        film.path.write_bytes(b"1" * (1 + second))
        assert settled.look([film]) == []
    assert settled.n_waiting == 1
    clock[0] = 36 + 4.9
    assert settled.look([film]) == []
    clock[0] = 36 + 5
    assert settled.look([film]) == [film]


def test_a_taken_file_comes_again_only_when_it_has_changed(film, settled, clock):
    settled.look([film])
    clock[0] = 5
    settled.take(settled.look([film]))
    clock[0] = 100
    assert (settled.look([film]), settled.n_waiting) == ([], 0)
    os.utime(film.path, ns=(0, 0))
    assert (settled.look([film]), settled.n_waiting) == ([], 1)
    clock[0] = 105
    assert settled.look([film]) == [film]


def test_what_was_not_taken_comes_again(film, settled, clock):
    settled.look([film])
    clock[0] = 5
    assert settled.look([film]) == settled.look([film]) == [film]


def test_forget_gives_all_files_once_more(film, settled, clock):
    settled.look([film])
    clock[0] = 5
    settled.take(settled.look([film]))
    settled.forget()
    assert settled.look([film]) == [film]


def test_a_file_that_vanishes_is_counted_once_and_settles_anew(film, settled, clock):
    settled.look([film])
    clock[0] = 5
    settled.take(settled.look([film]))
    assert (settled.look([]), settled.n_vanished) == ([], 1)
    assert (settled.look([]), settled.n_vanished) == ([], 0)
    clock[0] = 6
    assert settled.look([film]) == []
    film.path.unlink()
    assert (settled.look([film]), settled.n_vanished) == ([], 1)
