"""source_time.py: the frames of a video as editors count them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.media.make import H264, ffmpeg, sequential, video
from tests.media.mp4_boxes import add_track, rtmd_sample, tmcd_entry
from vlret.media.open_media import open_media
from vlret.media.video import source_time as module
from vlret.media.video.source_time import SourceTime, source_time

NTSC = Fraction(30000, 1001)
FILM = Fraction(24000, 1001)


def read(path: Path) -> SourceTime:
    with open_media(path) as media:
        return source_time(media)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi", "ts"])
@pytest.mark.parametrize(
    "rate", [FILM, 24, 25, NTSC, 30, 50, 2 * NTSC, 60, 10, Fraction(25, 2), NTSC / 2, Fraction(179, 6)]
)
def test_the_exact_rate_of_a_constant_one(tmp_path, suffix, rate):
    if suffix == "ts" and rate < 24:
        pytest.skip("x264 in MPEG-TS has no such rate")
    time = read(video(tmp_path / f"a.{suffix}", *H264, "-bf", 0, rate=rate, n=120))
    assert (time.rate, time.is_constant, time.n_frames, time.start, time.origin) == (rate, True, 120, 0, "")


@pytest.mark.parametrize("given", ["23.976", "23.98", "23.976023976", "29.97", "59.94"])
def test_a_rounded_rate_is_the_exact_one(tmp_path, given):
    time = read(video(tmp_path / "a.mkv", *H264, rate=given, n=60))
    assert time.rate == {"29": NTSC, "59": 2 * NTSC}.get(given[:2], FILM)
    assert time.is_constant


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
@pytest.mark.parametrize("rate", [FILM, 25, NTSC, 60])
def test_a_span_is_the_frames_that_are_shown(tmp_path, name, rate):
    path = video(tmp_path / name, *H264, rate=rate, n=100)
    time, shown = read(path), sequential(path)
    ends = [
        0.0,
        0.5,
        1.0,
        shown[20][0],
        shown[41][0],
        shown[41][0] + 1e-3,
        float(time.n_frames / time.rate),
        99.0,
    ]
    for start in ends[:-2]:
        for end in ends:
            if end > start:
                wanted = [n for t, n in shown if t < end - 1e-6]
                first = [n for t, n in shown if t <= start + 1e-6][-1]
                assert time.span(start, end) == (first, max(wanted[-1], first) + 1)


def test_a_span_past_the_end_is_the_last_frame(tmp_path):
    time = read(video(tmp_path / "a.mp4", *H264, rate=25, n=10))
    assert time.span(5.0, 6.0) == (9, 10)


def test_a_variable_rate_is_put_on_a_constant_grid(tmp_path):
    """25 frames a second; after the tenth frame the picture stays for two seconds."""
    clock = ("-vf", r"settb=1/90000,setpts=if(lt(N\,10)\,N/25\,N/25+2)/TB", "-fps_mode", "vfr")
    path = video(tmp_path / "a.mp4", *clock, "-enc_time_base", "1/90000", *H264, rate=25, n=40)
    time = read(path)
    assert (time.rate, time.is_constant, time.n_frames) == (25, False, 90)
    assert time.span(0.2, 0.4) == (5, 10)
    assert time.span(1.0, 1.5) == (25, 38), "within the picture that stays"
    assert time.span(0.36, 2.4) == (9, 60)
    assert time.span(2.4, 2.6) == (60, 65)


def test_a_file_that_states_another_rate():
    """Some Matroska files state 1000 frames a second, or twice as many as there are."""
    stream = SimpleNamespace(average_rate=Fraction(1000), base_rate=Fraction(60))
    starts = np.round(np.arange(30) / 30, 3)
    assert module._constant_rate(starts, stream) == 30


def test_one_lost_frame_is_a_variable_rate(tmp_path):
    """At 29.27 frames a second each frame would be the nearest to a point of its own, too."""
    clock = ("-vf", r"settb=1/90000,setpts=if(lt(N\,20)\,N/30\,(N+1)/30)/TB", "-fps_mode", "vfr")
    path = video(tmp_path / "a.mp4", *clock, "-enc_time_base", "1/90000", *H264, rate=30, n=40)
    time = read(path)
    assert (time.rate, time.is_constant) == (30, False)
    assert time.span(0.6, 0.8) == (18, 24)


def test_a_jitter_below_half_a_frame_is_a_constant_rate(tmp_path):
    clock = ("-vf", "settb=1/90000,setpts=(N/30+mod(N\\,3)*0.004)/TB", "-fps_mode", "vfr")
    path = video(tmp_path / "a.mp4", *clock, "-enc_time_base", "1/90000", *H264, "-bf", 0, rate=30, n=90)
    time = read(path)
    assert (time.rate, time.is_constant) == (30, True)
    assert time.span(1.0, 2.0) == (30, 60)


def test_the_camera_that_says_drop_frame_of_thirty_frames_a_second(tmp_path):
    """Final Cut Pro places 16:37:10;02 of a file of 30.00 frames a second at 298851/5 s."""
    path = video(tmp_path / "IMG.MOV", *H264, "-timecode", "16:37:10;02", rate=30, n=30)
    time = read(path)
    assert (time.rate, time.start, time.drop_frame, time.origin) == (30, Fraction(298851, 5), True, "tmcd")


@pytest.mark.parametrize(
    ("rate", "label", "start", "drops"),
    [
        (NTSC, "01:00:00;00", 107_892 / NTSC, True),
        (NTSC, "01:00:00:00", 108_000 / NTSC, False),
        (FILM, "01:00:00:00", 86_400 / FILM, False),
        (Fraction(25), "10:11:12:13", Fraction(916_813, 25), False),
        (2 * NTSC, "00:01:00;04", 3600 / (2 * NTSC), True),
    ],
)
@pytest.mark.parametrize("name", ["a.mov", "a.mkv"])
def test_the_start_is_an_exact_number_of_frames(tmp_path, name, rate, label, start, drops):
    time = read(video(tmp_path / name, *H264, "-timecode", label, rate=rate, n=30))
    assert (time.start, time.drop_frame) == (start, drops)
    assert time.origin == ("tmcd" if name == "a.mov" else "metadata")


def test_mxf(tmp_path):
    path = video(tmp_path / "a.mxf", "-c:v", "mpeg2video", "-timecode", "10:11:12:13", rate=25, n=30)
    time = read(path)
    assert (time.rate, time.start, time.origin) == (25, Fraction(916_813, 25), "metadata")


def test_thirty_labels_of_sixty_frames(tmp_path):
    path = video(tmp_path / "a.mp4", *H264, rate=2 * NTSC, n=30)
    add_track(path, b"tmcd", tmcd_entry(NTSC, 30, True), (107_892).to_bytes(4, "big"), NTSC)
    assert read(path).start == 107_892 / NTSC


def test_thirty_labels_of_twenty_four_frames(tmp_path):
    path = video(tmp_path / "a.mp4", *H264, rate=FILM, n=30)
    add_track(path, b"tmcd", tmcd_entry(NTSC, 30, False), (108_000).to_bytes(4, "big"), NTSC)
    assert read(path).start == 108_000 / NTSC


def test_rtmd_of_an_ntsc_rate_is_drop_frame(tmp_path):
    path = video(tmp_path / "C0001.MP4", *H264, rate=NTSC, n=30)
    add_track(path, b"rtmd", b"", rtmd_sample(1, 0, 0, 0), NTSC)
    time = read(path)
    assert (time.start, time.drop_frame, time.origin) == (107_892 / NTSC, True, "rtmd")


def test_a_label_that_the_rate_cannot_have_is_no_time_code(tmp_path):
    path = video(tmp_path / "a.mkv", *H264, "-metadata", "timecode=01:00:00:27", rate=25, n=30)
    assert (read(path).start, read(path).origin) == (0, "")


def test_sound(tmp_path):
    silent = video(tmp_path / "a.mp4", *H264, n=10)
    assert (read(silent).channels, read(silent).sound_hz) == (0, 0)
    tone = ("-f", "lavfi", "-i", "sine=duration=1:sample_rate=44100")
    path = tmp_path / "b.mp4"
    ffmpeg("-i", silent, *tone, "-c:v", "copy", "-ac", 2, path)
    assert (read(path).channels, read(path).sound_hz) == (2, 44_100)


def test_one_frame(tmp_path):
    time = read(video(tmp_path / "a.mp4", *H264, rate=30, n=1))
    assert (time.rate, time.n_frames, time.span(0, 1)) == (30, 1, (0, 1))
