from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.media.make import H264, number_of, video
from vlret.media.decode import decode
from vlret.media.video import packet_cache
from vlret.media.video.packet_table import PacketTable


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the files whose packets were read."""
    names: list[str] = []
    original = packet_cache.read_packets

    def counted(path: Path, on_progress: Callable[[], None]) -> PacketTable:
        names.append(path.name)
        return original(path, on_progress)

    monkeypatch.setattr(packet_cache, "read_packets", counted)
    monkeypatch.setattr(packet_cache, "_cache", type(packet_cache._cache)())
    return names


def test_a_file_is_read_once_and_shows_the_same_again(read: list[str], odd: Callable[[str], Path]):
    for name in ("constant.mp4", "vfr.mkv", "stream.ts"):
        first, again = (decode(odd(name), [0.3, 1.2]) for _ in range(2))
        np.testing.assert_array_equal(first.pixels, again.pixels)
        np.testing.assert_array_equal(first.times, again.times)
    assert read == ["constant.mp4", "vfr.mkv", "stream.ts"]


def test_a_file_that_was_changed_is_read_again(read: list[str], tmp_path: Path):
    path = video(tmp_path / "a.mp4", *H264, n=10)
    decode(path, [0.0])
    shutil.copy(video(tmp_path / "b.mp4", *H264, n=20), path)
    assert number_of(decode(path, [1.5]).pixels[0]) == 15
    os.utime(path, ns=(0, 0))
    decode(path, [0.0])
    assert read == ["a.mp4"] * 3


def test_the_tables_used_last_stay(
    read: list[str], odd: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
):
    names = ["constant.mp4", "vfr.mkv"]
    for name in names:
        decode(odd(name), [0.0])
    n_bytes = [table.n_bytes for table in packet_cache._cache.values()]
    monkeypatch.setattr(packet_cache, "PACKET_CACHE_BYTES", sum(n_bytes))
    decode(odd("constant.mp4"), [0.0])
    decode(odd("vp8.webm"), [0.0])
    assert [key[0].name for key in packet_cache._cache] == ["constant.mp4", "vp8.webm"]
    monkeypatch.setattr(packet_cache, "PACKET_CACHE_BYTES", 10)
    decode(odd("one_frame.mp4"), [0.0])
    assert not packet_cache._cache
