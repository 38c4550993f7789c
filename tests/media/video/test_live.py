"""`LiveVideo`: joined in the middle, damaged, or not to be opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.media.live.serving import TS
from tests.media.make import number_of, video
from tests.refusal import refused
from vlret.media.video import container
from vlret.media.video.live import LiveVideo


def numbers(path: Path, frames_hz: float = 10.0) -> list[int]:
    with LiveVideo("pipe", str(path), lambda: None) as live:
        return [number_of(pixels) for _, pixels in live.sampled(frames_hz, None)]


@pytest.fixture(scope="module")
def long_groups(tmp_path_factory) -> Path:
    """40 numbered frames in groups of 20."""
    path = tmp_path_factory.mktemp("live") / "a.ts"
    return video(path, *TS[: TS.index("-g")], "-g", "20", "-bf", "0", "-pix_fmt", "yuv420p", "-f", "mpegts")


def test_a_stream_joined_in_its_middle_begins_with_a_whole_picture(long_groups, tmp_path):
    data = long_groups.read_bytes()
    middle = tmp_path / "middle.ts"
    middle.write_bytes(data[len(data) // 4 // 188 * 188 :])
    found = numbers(middle)
    assert found[0] == 20
    assert found == sorted(found)


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bytes_end_in_frames_or_in_an_error(long_groups, tmp_path, seed):
    data = np.frombuffer(long_groups.read_bytes(), np.uint8).copy()
    places = np.random.default_rng(seed).integers(188 * 4, len(data), 20)
    data[places] ^= 0xFF
    damaged = tmp_path / "damaged.ts"
    damaged.write_bytes(data.tobytes())
    with LiveVideo("pipe", str(damaged), lambda: None) as live:
        times = [time_s for time_s, _ in live.sampled(10.0, (16, 16))]
    assert times == sorted(times)
    assert 1 <= len(times) <= 110


def test_frames_that_are_too_large_are_refused(long_groups, monkeypatch):
    monkeypatch.setattr(container, "MAX_FRAME_BYTES", 1000)
    with refused("too_large"):
        LiveVideo("pipe", str(long_groups), lambda: None)


def test_a_playlist_is_refused(tmp_path):
    playlist = tmp_path / "a.m3u8"
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n")
    with refused("stream_lost"):
        LiveVideo("pipe", str(playlist), lambda: None)
