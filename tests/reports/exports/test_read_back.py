"""Ten clips, exported and read back by independent readers, are the same frames of the same files."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.media.make import H264, number_of, sequential, video
from tests.media.mp4_boxes import add_track, rtmd_sample
from tests.reports.exports.readers import Cut, read_edl, read_fcpxml, read_otio, start_of
from vlret.reports.exports.clip import ExportClip
from vlret.reports.exports.write_export import write_export

NTSC = Fraction(30000, 1001)
FILM = Fraction(24000, 1001)
N_FRAMES = 150

CASES = {
    "23.976": (FILM, "01:00:00:00"),
    "24": (Fraction(24), "09:59:59:23"),
    "25": (Fraction(25), "10:11:12:13"),
    "29.97 drop-frame": (NTSC, "01:00:59;28"),
    "29.97 non-drop": (NTSC, "01:00:59:28"),
    "30": (Fraction(30), "00:00:00:00"),
    "50": (Fraction(50), "23:59:00:49"),
    "59.94 drop-frame": (2 * NTSC, "00:09:59;58"),
}


@pytest.fixture(scope="module", params=CASES)
def shot(request, tmp_path_factory) -> tuple[Fraction, list[Path]]:
    """A rate, and two files of it: one with time code, one without."""
    rate, label = CASES[request.param]
    folder = tmp_path_factory.mktemp("shot")
    named = video(
        folder / "It's 50% (1) #2 & ü; a+b,c=d!.mov", *H264, "-timecode", label, rate=rate, n=N_FRAMES
    )
    return rate, [named, video(folder / "plain.mkv", *H264, rate=rate, n=N_FRAMES)]


def ten_clips(files: list[Path]) -> list[ExportClip]:
    """Clips at random times, which are no borders of frames."""
    chance = random.Random(7)
    clips = []
    for number in range(10):
        start = chance.uniform(0, 2.0)
        clips.append(
            ExportClip(files[number % len(files)], start, start + chance.uniform(0.02, 0.4), "a dog", 0.3)
        )
    return clips


def expected(clips: list[ExportClip]) -> list[tuple[Path, list[int]]]:
    """The numbers on the frames of the clips: the one shown at the start, and all that begin before the end."""
    shown = {path: [time for time, _ in sequential(path)] for path in {clip.path for clip in clips}}
    wanted = []
    for clip in clips:
        times = shown[clip.path]
        first = max(n for n, time in enumerate(times) if time <= clip.start)
        wanted.append((clip.path, [n for n, time in enumerate(times) if n >= first and time < clip.end]))
    return wanted


def decoded(cut: Cut) -> list[int]:
    """The numbers on the frames of a cut, by plain decoding: the first one of the file is frame 0."""
    with av.open(str(cut.path)) as container:
        frames = [number_of(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    return frames[cut.first : cut.after]


@pytest.mark.parametrize("name", ["edl", "fcpxml", "otio"])
def test_the_same_frames_of_the_same_files(shot, name):
    rate, files = shot
    clips = ten_clips(files)
    data = write_export(clips, name, "dogs")
    cuts = {
        "edl": lambda: read_edl(data, rate),
        "fcpxml": lambda: read_fcpxml(data),
        "otio": lambda: read_otio(data),
    }
    found = cuts[name]()
    assert [(cut.path, decoded(cut)) for cut in found] == expected(clips)
    ends = [0, *(cut.end for cut in found)]
    assert [cut.begin for cut in found] == ends[:-1], "one after another from 0"
    assert all(cut.end - cut.begin == cut.after - cut.first for cut in found)


def test_another_reader_of_edl(shot):
    import opentimelineio as otio

    rate, files = shot
    clips = ten_clips(files)
    text = write_export(clips, "edl", "dogs").decode()
    timeline = otio.adapters.read_from_string(text, "cmx_3600", rate=float(rate))
    found = [
        (clip.name, int(clip.source_range.start_time.value), int(clip.source_range.duration.value))
        for clip in timeline.video_tracks()[0]
    ]
    assert found == [
        (path.name, start_of(path, rate) + frames[0], len(frames)) for path, frames in expected(clips)
    ]


def test_a_timeline_of_several_rates(tmp_path, caplog):
    """In points stay frames of their files; the rate is that of most clips."""
    files = [
        video(tmp_path / "a.mov", *H264, "-timecode", "01:00:00:00", rate=FILM, n=N_FRAMES),
        video(tmp_path / "b.mp4", *H264, rate=25, n=N_FRAMES),
        video(tmp_path / "c.mov", *H264, "-timecode", "16:37:10;02", rate=30, n=N_FRAMES),
        video(tmp_path / "d.mp4", *H264, rate=2 * NTSC, n=N_FRAMES),
        video(tmp_path / "e.mp4", *H264, n=60),
        sony(tmp_path / "C0001.MP4"),
    ]
    clips = ten_clips([*files, files[0]])
    wanted = expected(clips)
    assert [(cut.path, decoded(cut)) for cut in read_otio(write_export(clips, "otio", "dogs"))] == wanted
    cuts = read_fcpxml(write_export(clips, "fcpxml", "dogs"))
    assert [(cut.path, decoded(cut)[0]) for cut in cuts] == [(path, frames[0]) for path, frames in wanted]
    seconds = [(cut.end - cut.begin) / FILM for cut in cuts]
    true = [(cut.after - cut.first) for cut in read_otio(write_export(clips, "otio", "dogs"))]
    rates = {files[0]: FILM, files[1]: 25, files[2]: 30, files[3]: 2 * NTSC, files[4]: 10, files[5]: NTSC}
    assert all(
        abs(length - n / rates[cut.path]) <= 1 / FILM
        for length, n, cut in zip(seconds, true, cuts, strict=True)
    ), "lengths are right to a frame of the timeline"
    assert "b.mp4 has 25 frames a second, the timeline 23.976" in caplog.text
    assert "e.mp4 has 10 frames a second" in caplog.text
    assert "a.mov has" not in caplog.text


def test_files_of_ten_frames_fall_on_frames_of_thirty(tmp_path):
    path = video(tmp_path / "a.mp4", *H264, "-timecode", "00:00:10:00", n=60)
    clips = [ExportClip(path, 1.05, 2.0, "")]
    cuts = read_edl(write_export(clips, "edl", "x"), Fraction(30))
    assert [(cut.first, cut.after, cut.begin, cut.end) for cut in cuts] == [(30, 60, 0, 30)]
    (cut,) = read_fcpxml(write_export(clips, "fcpxml", "x"))
    assert decoded(cut) == list(range(10, 20))


def sony(path: Path) -> Path:
    video(path, *H264, rate=NTSC, n=N_FRAMES)
    add_track(path, b"rtmd", b"", rtmd_sample(1, 0, 0, 0), NTSC)
    return path
