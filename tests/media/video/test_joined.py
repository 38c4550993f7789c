from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.media.make import H264, video
from vlret.media.video.joined import is_cut_off, recording_starts

KINDS = {"a.mp4": "mov,mp4,m4a", "a.mkv": "matroska,webm", "a.avi": "avi", "a.flv": "flv"}


@pytest.fixture(params=KINDS)
def whole(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    return video(tmp_path / request.param, *H264, n=3), KINDS[request.param]


def test_one_recording_begins_at_0_and_a_second_after_it(whole: tuple[Path, str]):
    path, kind = whole
    assert recording_starts(path, kind) == [0]
    size = path.stat().st_size
    path.write_bytes(2 * path.read_bytes())
    assert recording_starts(path, kind) == [0, size]
    assert not is_cut_off(path, kind)


def test_a_file_that_says_it_is_longer_was_cut_off(whole: tuple[Path, str]):
    path, kind = whole
    path.write_bytes(path.read_bytes()[:-20])
    assert is_cut_off(path, kind) == (kind != "flv")  # an FLV does not say


@pytest.mark.parametrize("seed", range(20))
def test_damage_is_read_over(seed: int, whole: tuple[Path, str]):
    path, kind = whole
    rng = np.random.default_rng(seed)
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    data[rng.integers(0, 64, 4)] = rng.choice([0, 1, 0x7F, 0xFF], 4)
    path.write_bytes(data.tobytes())
    assert all(start < len(data) for start in recording_starts(path, kind))
    is_cut_off(path, kind)


@pytest.mark.parametrize(
    ("kind", "head"),
    [("mp4", b"\0\0\0\x01ftyp" + b"\xff" * 8), ("matroska", b"\x1a\x45\xdf\xa3\x01" + b"\xfe" * 7),
     ("avi", b"RIFF\xff\xff\xff\xffAVI ")],
)  # fmt: skip
def test_sizes_that_no_file_has(kind: str, head: bytes, tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(head + bytes(100))
    assert recording_starts(path, kind) == [0]
    assert is_cut_off(path, kind)
