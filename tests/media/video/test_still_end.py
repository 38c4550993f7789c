"""A recording whose last picture stays, while sound or the stated length goes on: shown up to its end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.media.make import ffmpeg, number_of, video
from tests.refusal import refused
from vlret.media.clips import clips_of
from vlret.media.decode import read_clip
from vlret.media.open_media import open_media
from vlret.media.pool import ClipDecoded, DecodeJob, DecodePool, FileDone
from vlret.types import Clip

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", 10)
CODECS = {
    "sound.mp4": ("-c", "copy", "-c:a", "aac"),
    "sound.mkv": ("-c", "copy", "-c:a", "aac"),
    "sound.ts": ("-c", "copy", "-c:a", "aac"),
    "sound.mov": ("-c", "copy", "-c:a", "pcm_s16le"),
    "sound.avi": ("-c:v", "mjpeg", "-q:v", 2, "-c:a", "pcm_s16le"),
    "sound.webm": (
        "-c:v",
        "libvpx",
        "-b:v",
        "1M",
        "-deadline",
        "realtime",
        "-cpu-used",
        8,
        "-c:a",
        "libopus",
    ),
    "sound.flv": ("-c", "copy", "-c:a", "aac"),
    "sound.mpg": ("-c:v", "mpeg2video", "-q:v", 2, "-r", 25, "-c:a", "mp2"),
}


def with_sound(path: Path, *codecs: object, length_s: int = 60) -> Path:
    """Frames 0 to 20, the last one at 2.0 s, and a tone of `length_s`."""
    source = video(path.with_name("source.mp4"), *X264, n=21)
    tone = ("-f", "lavfi", "-i", f"sine=duration={length_s}:sample_rate=8000")
    ffmpeg("-i", source, *tone, "-map", "0:v", "-map", "1:a", *codecs, "-ar", 48_000, "-b:a", "32k", path)
    return path


@pytest.mark.parametrize("name", CODECS)
def test_the_last_picture_stays_while_sound_goes_on(name: str, tmp_path: Path):
    path = with_sound(tmp_path / name, *CODECS[name])
    frames = read_clip(Clip(path, 30, 50), 3)
    assert [number_of(pixels) for pixels in frames.pixels] == [20] * 3
    np.testing.assert_allclose(frames.times, 2.0, atol=0.05)
    with open_media(path) as media:
        assert media.info.duration == pytest.approx(2.1, abs=0.05)
        assert media.info.shown_until == pytest.approx(60, abs=0.3)
        assert len(clips_of(path, media, "auto")) == 1  # no window without a new frame
    with refused("clip_past_end"):
        read_clip(Clip(path, 61, 70), 3)


def test_it_is_decoded_in_a_pool_without_a_warning(tmp_path: Path):
    path = with_sound(tmp_path / "screen.mp4", *CODECS["sound.mp4"])
    with DecodePool() as pool:
        clip, done = pool.run([DecodeJob(path, "span:30:50", 2)])
    assert isinstance(clip, ClipDecoded)
    assert (clip.clip.start, clip.clip.end) == (30, 50)
    assert [number_of(pixels) for pixels in clip.frames.pixels] == [20, 20]
    assert isinstance(done, FileDone)
    assert (done.n_clips, done.warning) == (1, None)


@pytest.mark.parametrize("name", ["stays.mp4", "stays.mov"])
def test_a_last_picture_with_a_long_time_of_its_own(name: str, tmp_path: Path):
    """Frames at 0 to 1.9 s and one more from 60 s on, which is then cut away: the one before stays up to there."""
    late = video(
        tmp_path / "late.mkv", "-vf", "setpts=if(eq(N\\,20)\\,600\\,N)/10/TB", "-fps_mode", "vfr", *X264, n=21
    )
    ffmpeg("-i", late, "-c", "copy", tmp_path / name)
    frames = read_clip(Clip(tmp_path / name, 30, 50), 2)
    assert [number_of(pixels) for pixels in frames.pixels] == [19, 19]


def test_a_file_that_was_cut_off_ends_where_its_bytes_end(tmp_path: Path):
    """Its header still states the whole length, which nobody can see."""
    for name, options in (("cut.mp4", ("-movflags", "faststart")), ("cut.mkv", ())):
        path = video(tmp_path / name, *X264, *options, n=200)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with open_media(path) as media:
            assert media.info.shown_until == media.info.duration < 15
        with refused("clip_past_end"):
            read_clip(Clip(path, 15, 18), 2)
