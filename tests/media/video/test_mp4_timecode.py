"""mp4_timecode.py: the start time code of MP4 and QuickTime files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.media.make import H264, video
from tests.media.mp4_boxes import add_track, rtmd_sample, tmcd_entry
from vlret.media.video.mp4_timecode import StartTimecode, mp4_timecode

NTSC, NTSC60 = Fraction(30000, 1001), Fraction(60000, 1001)


@pytest.mark.parametrize("suffix", ["mov", "mp4"])
@pytest.mark.parametrize(
    ("rate", "label", "expected"),
    [
        ("25", "10:11:12:13", StartTimecode(916_813, 25, False, "tmcd")),
        ("24000/1001", "01:00:00:00", StartTimecode(86_400, 24, False, "tmcd")),
        ("30000/1001", "01:00:00;00", StartTimecode(107_892, 30, True, "tmcd")),
        ("30000/1001", "01:00:00:00", StartTimecode(108_000, 30, False, "tmcd")),
        ("60000/1001", "00:01:00;04", StartTimecode(3600, 60, True, "tmcd")),
    ],
)
def test_the_tmcd_track_that_ffmpeg_writes(tmp_path, suffix, rate, label, expected):
    path = video(tmp_path / f"a.{suffix}", *H264, "-timecode", label, rate=rate, n=5)
    assert mp4_timecode(path) == expected


def test_a_time_code_that_counts_every_second_frame(tmp_path):
    path = video(tmp_path / "a.mp4", *H264, rate=NTSC60, n=5)
    add_track(path, b"tmcd", tmcd_entry(NTSC, 30, True), (107_892).to_bytes(4, "big"), NTSC)
    assert mp4_timecode(path) == StartTimecode(107_892, 30, True, "tmcd")
    assert stated(path) == "01:00:00;00"


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(
    ("rate", "flag", "expected"),
    [
        (NTSC, 0, StartTimecode(107_894, 30, True, "rtmd")),  # what cameras write
        (NTSC, 1, StartTimecode(107_894, 30, True, "rtmd")),
        (Fraction(24000, 1001), 0, StartTimecode(86_402, 24, False, "rtmd")),
        (Fraction(25), 0, StartTimecode(90_002, 25, False, "rtmd")),
        (Fraction(50), 0, StartTimecode(180_002, 50, False, "rtmd")),
        (Fraction(30), 0, StartTimecode(108_002, 30, False, "rtmd")),
    ],
)
def test_the_rtmd_track_of_sony_cameras(tmp_path, wide, rate, flag, expected):
    path = sony(tmp_path / "C0001.MP4", rate, rtmd_sample(1, 0, 0, 2, flag), wide)
    assert mp4_timecode(path) == expected
    assert stated(path) == ("01:00:00;02" if flag else "01:00:00:02"), "FFmpeg reads the same bytes"


def test_tmcd_comes_before_rtmd(tmp_path):
    path = video(tmp_path / "a.mp4", *H264, "-timecode", "00:00:02:00", rate=25, n=5)
    add_track(path, b"rtmd", b"", rtmd_sample(1, 0, 0, 2), Fraction(25))
    assert mp4_timecode(path) == StartTimecode(50, 25, False, "tmcd")


def test_bytes_that_are_no_time_code_are_none(tmp_path):
    assert mp4_timecode(sony(tmp_path / "a.mp4", NTSC, rtmd_sample(1, 99, 0, 2))) is None
    assert mp4_timecode(sony(tmp_path / "b.mp4", NTSC, b"short")) is None


def test_files_without_time_code(tmp_path):
    assert mp4_timecode(video(tmp_path / "a.mp4", *H264, n=5)) is None
    assert mp4_timecode(video(tmp_path / "a.mkv", *H264, "-timecode", "01:00:00:00", n=5)) is None
    for name, data in {"empty": b"", "text": b"moov" * 40, "zeros": bytes(4000)}.items():
        (tmp_path / name).write_bytes(data)
        assert mp4_timecode(tmp_path / name) is None


def test_any_damage_gives_a_time_code_or_none(tmp_path):
    """Each byte of the head of the tracks is overwritten in turn."""
    path = sony(tmp_path / "a.mp4", NTSC, rtmd_sample(1, 0, 0, 2))
    whole = path.read_bytes()
    begin = whole.rindex(b"moov")
    for place in range(begin, len(whole), 3):
        for value in (0, 1, 255):
            path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
            found = mp4_timecode(path)
            assert found is None or found.origin in ("rtmd", "tmcd")


def sony(path: Path, rate: Fraction, sample: bytes, wide: bool = False) -> Path:
    video(path, *H264, rate=rate, n=5)
    add_track(path, b"rtmd", b"", sample, rate, wide)
    return path


def stated(path: Path) -> str | None:
    """The label that FFmpeg reads."""
    with av.open(str(path)) as container:
        return next(
            (label for stream in container.streams if (label := stream.metadata.get("timecode"))), None
        )
