"""Lost packets and flipped bytes: frames that refer to them are left out and reported, others are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest

from tests.media.make import ffmpeg
from vlret.media.open_media import open_media
from vlret.media.pool import DecodeJob, DecodePool, FileDone
from vlret.media.video import h264_gaps
from vlret.media.video.h264_gaps import H264Gaps

X264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", 20, "-threads", 1)
X265 = ("-c:v", "libx265", "-pix_fmt", "yuv420p", "-preset", "ultrafast")
LOSE, FLIP = "lose", "flip"
KEY_S = 2.0  # of the first keyframe after the damage
Change = Callable[[int, bytes], bytes | None]


def film(path: Path, *options: object) -> Path:
    """40 frames of a moving test picture at 10 a second."""
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=160x120:r=10:d=4", *options, path)
    return path


def changed(source: Path, target: Path, change: Change) -> Path:
    """`source` with each of its packets changed, None being left out."""
    with av.open(str(source)) as container, av.open(str(target), "w") as out:
        stream = out.add_stream_from_template(container.streams.video[0])
        packets = (packet for packet in container.demux(video=0) if packet.size)
        for number, packet in enumerate(packets):
            data = change(number, bytes(packet))
            if data is not None:
                new = av.Packet(data)
                new.pts, new.dts, new.time_base = packet.pts, packet.dts, packet.time_base
                new.duration, new.is_keyframe, new.stream = packet.duration, packet.is_keyframe, stream
                out.mux(new)
    return target


def lose(number: int, data: bytes) -> bytes | None:
    return None if 8 <= number < 10 else data


def flip(number: int, data: bytes) -> bytes:
    if number != 8:
        return data
    middle = len(data) // 2
    return data[:middle] + bytes(byte ^ 0x55 for byte in data[middle : middle + 12]) + data[middle + 12 :]


def shown(path: Path) -> tuple[dict[float, np.ndarray], float | None]:
    with open_media(path) as media:
        return {
            round(time, 3): pixels.astype(int) for time, pixels in media.every_frame(None)
        }, media.damaged_at


CASES = {
    "h264.mkv": ((*X264, "-bf", 0), lose),
    "b_frames.mkv": ((*X264, "-bf", 3, "-x264-params", "b-pyramid=normal"), lose),
    "lost.ts": ((*X264, "-bf", 0), lose),
    "interlaced.mkv": ((*X264, "-bf", 0, "-x264-params", "interlaced=1"), lose),
    "high_444.mkv": ((*X264[:2], "-pix_fmt", "yuv444p", "-g", 20, "-bf", 0), lose),
    "scaled.mkv": ((*X264, "-bf", 0, "-x264-params", "cqm=jvt"), lose),
    "hevc.mkv": ((*X265, "-x265-params", "log-level=none:keyint=20:bframes=0"), lose),
    "hevc_b.mkv": ((*X265, "-x265-params", "log-level=none:keyint=20:min-keyint=20:bframes=3:open-gop=0"), lose),
    "flip.mp4": ((*X264, "-bf", 0), flip),
    "flip_b.mp4": ((*X264, "-bf", 3), flip),
    "flip.ts": ((*X264, "-bf", 0), flip),
    "flip.avi": (("-c:v", "mpeg4", "-q:v", 2, "-g", 20), flip),
    "flip.mpg": (("-c:v", "mpeg2video", "-q:v", 2, "-g", 20, "-r", 10, "-strict", -1), flip),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_leans_on_the_damage_is_left_out(name: str, tmp_path: Path):
    options, change = CASES[name]
    source = film(tmp_path / f"whole{Path(name).suffix}", *options)
    whole, nothing = shown(source)
    assert (len(whole), nothing) == (40, None)
    frames, damaged_s = shown(changed(source, tmp_path / name, change))
    assert damaged_s is not None
    assert 0.3 <= damaged_s <= 1.2
    assert set(frames) < set(whole)
    assert {time for time in whole if time >= KEY_S} <= set(frames)
    for time, pixels in frames.items():
        assert np.abs(pixels - whole[time]).mean() < 0.3, time


def test_damage_in_the_first_frames_is_reported_too(tmp_path: Path):
    source = film(tmp_path / "whole.mp4", *X264, "-bf", 0)
    start = changed(
        source, tmp_path / "a.mp4", lambda n, data: data[:40] + bytes(len(data) - 40) if n == 0 else data
    )
    frames, damaged_s = shown(start)
    assert damaged_s == 0.0
    assert len(frames) == 20


def test_the_run_tells_of_damage(tmp_path: Path):
    source = film(tmp_path / "whole.mkv", *X264, "-bf", 0)
    path = changed(source, tmp_path / "a.mkv", lose)
    with DecodePool() as pool:
        done = [list(pool.run([DecodeJob(file, "whole", 40)]))[-1] for file in (source, path)]
    assert all(isinstance(event, FileDone) for event in done)
    assert [event.warning for event in done] == [None, "damaged after 0.7 s"]


def packets(path: Path) -> Iterator[tuple[bytes, bool]]:
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.size:
                yield bytes(packet), packet.is_keyframe


@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_gaps_of_h264(suffix: str, tmp_path: Path):
    path = film(tmp_path / f"a.{suffix}", *X264, "-bf", 0)
    with av.open(str(path)) as container:
        extradata = container.streams.video[0].codec_context.extradata
    for lost in ((), (5,), (5, 6, 7), (19, 20), (25,)):
        gaps = H264Gaps(extradata)
        kept = [(n, data, is_key) for n, (data, is_key) in enumerate(packets(path)) if n not in lost]
        found = [n for n, data, is_key in kept if gaps.is_after_gap(data, is_key)]
        assert found == {(): [], (5,): [6], (5, 6, 7): [8], (19, 20): [21], (25,): [26]}[lost]


@pytest.mark.parametrize(
    "data", [b"", b"\x01", b"\x01\x64\x00\x1f\xff\xe1\x00\x02\x67\x64", b"\0\0\1\x67", bytes(40)]
)
def test_parameters_that_cannot_be_read_tell_of_no_gaps(data: bytes):
    gaps = H264Gaps(data)
    for packet in (b"", b"\0\0\0\2\x41\x9a", b"\0\0\1\x41", bytes(9), b"\xff" * 30):
        assert not gaps.is_after_gap(packet, is_key=False)


def test_hostile_parameter_sets_are_not_read_to_their_end(monkeypatch):
    """A million of them took 9 s."""
    calls = []
    monkeypatch.setattr(h264_gaps, "_parsed", lambda bits: calls.append(1))
    H264Gaps(b"\0\0\1\x67" * 1_000_000)
    assert len(calls) <= 1 << 14


def test_a_seek_that_fails_is_one_that_misses(tmp_path: Path):
    """A damaged index of an MP4 had the seek end in "Operation not permitted"."""

    def fail(*_: object, **__: object) -> None:
        raise av.error.PermissionError(1, "Operation not permitted")

    path = film(tmp_path / "a.mp4", *X264)
    with open_media(path) as media:
        media._stream._container = SimpleNamespace(seek=fail, close=media._stream._container.close)
        assert list(media._stream.from_key(1)) == []
