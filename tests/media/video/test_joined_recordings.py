"""Recordings that were joined by appending one file to another, and single damaged time stamps."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.make import H264, number_of, video
from vlret.media.clips import clips_of
from vlret.media.open_media import open_media

B_FRAMES = (
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-bf",
    2,
    "-b_strategy",
    0,
    "-g",
    10,
    "-pix_fmt",
    "yuv420p",
)
MPEG2 = ("-c:v", "mpeg2video", "-bf", 2, "-g", 12, "-q:v", 2, "-r", 25)
Part = Callable[[str, int, float], bytes]


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Part:
    """`part(suffix, n, start_s)`: the bytes of `n` numbered frames whose clock starts at `start_s`."""
    folder = tmp_path_factory.mktemp("parts")

    @cache
    def made(suffix: str, n: int, start_s: float) -> bytes:
        codec = MPEG2 if suffix in (".mpg", ".vob") else B_FRAMES
        clock = () if suffix == ".avi" else ("-output_ts_offset", start_s)  # an AVI has none
        return video(folder / f"part{suffix}", *codec, *clock, n=n).read_bytes()

    return made


def read(path: Path) -> tuple[list[float], list[int], float, list[str]]:
    """Times and numbers of all frames, the duration, and the warnings."""
    with open_media(path) as media:
        frames = [(time, number_of(pixels)) for time, pixels in media.every_frame(None)]
        return [time for time, _ in frames], [n for _, n in frames], media.info.duration, list(media.warnings)


@pytest.mark.parametrize("suffix", [".ts", ".mpg", ".vob", ".mkv", ".avi"])
@pytest.mark.parametrize("starts", [(55, 0), (0, 55), (0, 0), (55, 7, 30)])
def test_joined_recordings_are_read_to_the_end(
    suffix: str, starts: tuple[int, ...], part: Part, tmp_path: Path
):
    if suffix == ".mkv":
        starts = starts[:2]  # FFmpeg reads no third one
    path = tmp_path / f"joined{suffix}"
    lengths = (20, 33, 16)[: len(starts)]
    path.write_bytes(b"".join(part(suffix, n, start) for n, start in zip(lengths, starts, strict=True)))
    rate = 25 if suffix in (".mpg", ".vob") else 10
    expected = [n for length in lengths for n in range(length)]
    times, numbers, duration, warnings = read(path)
    if rate == 10:
        assert numbers == expected
    else:  # each picture is encoded two or three times
        assert [n for n, before in zip(numbers, [-1, *numbers], strict=False) if n != before] == expected
    # FFmpeg takes the time stamp of the last MPEG-2 frame before a joint from elsewhere.
    atol = 0.1 if rate == 25 else 1e-3
    np.testing.assert_allclose(times, np.arange(len(times)) / rate, atol=atol)
    assert duration == pytest.approx(len(times) / rate, abs=atol)
    assert warnings == []


def test_clips_cover_all_of_a_long_joined_recording(part: Part, tmp_path: Path):
    path = tmp_path / "joined.ts"
    path.write_bytes(part(".ts", 120, 55) + part(".ts", 80, 1))
    with open_media(path) as media:
        spans = [(clip.start, clip.end) for clip in clips_of(path, media, "auto")]
    assert spans == [(0, 10), (10, pytest.approx(20))]


def test_a_third_matroska_recording_is_reported(part: Part, tmp_path: Path):
    path = tmp_path / "joined.mkv"
    path.write_bytes(part(".mkv", 20, 0) + part(".mkv", 33, 0) + part(".mkv", 16, 0))
    _, numbers, _, warnings = read(path)
    assert len(numbers) == 53
    assert warnings == [_unread(len(part(".mkv", 16, 0)))]


def _unread(n_bytes: int) -> str:
    return f"holds {n_bytes} bytes of another recording after its end, which are not read"


@pytest.mark.parametrize("suffix", [".mp4", ".flv", ".mov"])
def test_a_recording_that_players_do_not_read_is_reported(suffix: str, part: Part, tmp_path: Path):
    path, first, second = tmp_path / f"joined{suffix}", part(suffix, 20, 0), part(suffix, 33, 0)
    path.write_bytes(first + second)
    _, numbers, duration, warnings = read(path)
    assert numbers == list(range(20))
    assert duration == pytest.approx(2.0, abs=0.01)
    assert warnings == [_unread(len(second))]


def restamped(path: Path, stamp: Callable[[int, int], int], rising: bool = True, n: int = 40) -> Path:
    """`n` numbered frames at 10 a second without reordering; `stamp(number, ticks a second)` is the time of each."""
    source = video(path.with_name("source.mp4"), *H264[:4], "-bf", 0, "-g", 10, "-pix_fmt", "yuv420p", n=n)
    with av.open(str(source)) as read, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(read.streams.video[0])
        for number, packet in enumerate(packet for packet in read.demux(video=0) if packet.size):
            second = round(1 / packet.time_base)
            packet.pts, packet.dts = stamp(number, second), stamp(number, second) if rising else number
            packet.duration = second // 10
            packet.stream = stream
            out.mux(packet)
    source.unlink()
    return path


@pytest.mark.parametrize("name", ["hole.mp4", "hole.mkv"])
@pytest.mark.parametrize(("after", "hours"), [(1, 25.6), (20, 50.0)])
def test_a_clock_that_leaps_ahead_gives_a_few_clips_and_a_warning(
    name: str, after: int, hours: float, tmp_path: Path
):
    def stamp(number: int, second: int) -> int:
        return number * second // 10 + (round(hours * 3600) * second if number >= after else 0)

    path = restamped(tmp_path / name, stamp)
    with open_media(path) as media:
        clips = clips_of(path, media, "auto")
        assert [number_of(p) for _, p in media.every_frame(None)] == list(range(40))
        begin, end = (after - 1) / 10, after / 10 + hours * 3600
        assert media.warnings == [
            f"one frame is shown from {begin:.1f} to {end:.1f} s: a timestamp may be damaged"
        ]
        assert media.info.fps == pytest.approx(10, abs=0.1)
    assert len(clips) == 2
    assert clips[0].start == 0
    assert clips[-1].end == pytest.approx(hours * 3600 + 4, abs=0.1)


@pytest.mark.parametrize("wrong_s", [92_160, 2_500_000, 5])
def test_one_wrong_time_stamp_changes_nothing_else(wrong_s: int, tmp_path: Path):
    def stamp(number: int, second: int) -> int:
        return number * second // 10 + (wrong_s * second if number == 21 else 0)

    path = restamped(tmp_path / "wrong.mkv", stamp, rising=False)
    times, numbers, duration, warnings = read(path)
    assert numbers == list(range(40))
    np.testing.assert_allclose(times, np.arange(40) / 10, atol=0.01)
    assert duration == pytest.approx(4.0, abs=1e-3)
    assert warnings == ["damaged timestamps: 1"]
