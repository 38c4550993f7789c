"""copy_clip.py: clips whose packets are taken as they are, and those whose are not."""

from __future__ import annotations

import itertools

import av
import numpy as np
import pytest

from tests.media.make import H264, ffmpeg, number_of, sequential, video
from tests.reports.conftest import write_counted
from vlret.media.open_media import open_media
from vlret.reports.clip_form import FORMS
from vlret.reports.copy_clip import copy_clip
from vlret.reports.trim import save_clip
from vlret.types import Clip

VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-g", 10, "-pix_fmt", "yuv420p")
KINDS = {
    "h264.mp4": H264,
    "plain.mp4": (*H264, "-bf", 0),
    "open.mp4": (*H264[:-2], "-bf", 3, "-x264-params", "open-gop=1:scenecut=0", "-pix_fmt", "yuv420p"),
    "h264.mkv": H264,
    "hevc.mp4": (
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-x265-params",
        "log-level=error:keyint=10:bframes=2",
    ),
    "vp9.webm": VP9,
    "mpeg4.mp4": ("-c:v", "mpeg4", "-g", 10, "-q:v", 3),
}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """Videos of forty numbered frames, ten a second, with a keyframe every second."""
    folder = tmp_path_factory.mktemp("kinds")
    return {name: video(folder / name, *arguments, n=40) for name, arguments in KINDS.items()}


def packets(path) -> list[bytes]:
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(video=0) if packet.size]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("form", FORMS)
def test_a_saved_clip_has_exactly_its_frames(kinds, tmp_path, name, form):
    true = sequential(kinds[name])
    for start, end in itertools.product((0.0, 1.0, 1.05, 2.0), (1.1, 1.7, 2.0, 2.35, 3.0, None)):
        if end is not None and end <= start:
            continue
        with av.open(str(save_clip(Clip(kinds[name], start, end), tmp_path, form))) as file:
            found = [
                (frame.time, number_of(frame.to_ndarray(format="rgb24"))) for frame in file.decode(video=0)
            ]
        at_start = max(n for n, (time, _) in enumerate(true) if time <= start)
        wanted = [(max(t - start, 0), n) for t, n in true[at_start:] if end is None or t < end - 1e-6]
        assert [n for _, n in found] == [n for _, n in wanted], (start, end)
        np.testing.assert_allclose([t for t, _ in found], [t for t, _ in wanted], atol=2e-3)


@pytest.mark.parametrize(
    ("name", "start", "end", "form", "copied"),
    [
        ("plain.mp4", 1.0, 2.0, "mp4", range(10, 20)),
        ("plain.mp4", 1.0, 1.5, "mp4", range(10, 15)),
        ("plain.mp4", 2.0, None, "mp4", range(20, 40)),
        ("plain.mp4", 1.1, 2.0, "mp4", ()),  # no keyframe
        ("plain.mp4", 1.0, 2.0, "webm", ()),  # a codec that WebM does not have
        ("h264.mp4", 1.0, 2.0, "mp4", range(10, 20)),
        ("h264.mkv", 1.0, 2.0, "mp4", range(10, 20)),
        ("vp9.webm", 1.0, 2.0, "webm", range(10, 20)),
        ("vp9.webm", 1.0, 2.0, "mp4", ()),
        ("mpeg4.mp4", 1.0, 2.0, "mp4", ()),
        ("open.mp4", 1.0, None, "mp4", ()),  # frame 9 follows the keyframe in the file
    ],
)
def test_where_packets_are_copied(kinds, tmp_path, name, start, end, form, copied):
    target = tmp_path / "a"
    with open_media(kinds[name]) as media:
        assert copy_clip(Clip(kinds[name], start, end), media, target, FORMS[form]) == bool(copied)
    if not copied:
        assert not target.exists()
        return
    source = packets(kinds[name])
    assert packets(target) == [source[number] for number in copied]


def test_a_clip_that_ends_before_a_frame_that_its_last_ones_refer_to_is_encoded(tmp_path):
    """Frames 11 and 12 are made from 10 and 13: without 13 they cannot be shown."""
    fixed = "keyint=10:bframes=2:b-adapt=0:scenecut=0"
    path = video(tmp_path / "a.mp4", "-c:v", "libx264", "-x264-params", fixed, "-pix_fmt", "yuv420p", n=30)
    with open_media(path) as media:
        found = {
            end: copy_clip(Clip(path, 1.0, end / 10), media, tmp_path / "b", FORMS["mp4"])
            for end in range(11, 21)
        }
    assert not found[12]
    assert not found[13]
    assert found[14]
    assert found[20]


def test_the_sound_is_copied_with_the_picture(tmp_path):
    source = write_counted(tmp_path / "a.mp4", sound=True, gop=10)
    with open_media(source) as media:
        assert copy_clip(Clip(source, 1.0, 2.0), media, tmp_path / "b.mp4", FORMS["mp4"])
    with av.open(str(tmp_path / "b.mp4")) as file:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
        file.seek(0)
        times = [packet.pts * packet.time_base for packet in file.demux(audio=0) if packet.pts is not None]
    assert len(sound) / 48_000 == pytest.approx(1.0, abs=0.05)
    assert 0 <= times[0] < 0.025
    assert np.abs(sound[2400:12_000]).max() == pytest.approx(0.4, abs=0.07), "the second second of three"


def test_sound_that_does_not_fit_is_encoded(tmp_path, kinds):
    tone = ("-f", "lavfi", "-i", "sine=duration=4:sample_rate=48000")
    path = tmp_path / "a.mkv"
    ffmpeg("-i", kinds["plain.mp4"], *tone, "-c:v", "copy", "-c:a", "flac", path)
    with open_media(path) as media:
        assert copy_clip(Clip(path, 1.0, 2.0), media, tmp_path / "b.mp4", FORMS["mp4"])
    with av.open(str(tmp_path / "b.mp4")) as file:
        assert file.streams.audio[0].codec_context.name == "aac"
        assert sum(frame.samples for frame in file.decode(audio=0)) / 48_000 == pytest.approx(1.0, abs=0.05)


def test_hevc_has_the_tag_that_apple_needs(kinds, tmp_path):
    saved = save_clip(Clip(kinds["hevc.mp4"], 0.0, 1.0), tmp_path)
    with av.open(str(saved)) as file:
        codec = file.streams.video[0].codec_context
        assert (codec.name, codec.codec_tag) == ("hevc", "hvc1")


def test_a_rotated_video_is_encoded(kinds, tmp_path):
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", 90, "-i", kinds["plain.mp4"], "-c", "copy", turned)
    with open_media(turned) as media:
        assert not copy_clip(Clip(turned, 1.0, 2.0), media, tmp_path / "b.mp4", FORMS["mp4"])
