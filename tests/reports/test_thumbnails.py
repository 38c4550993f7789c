"""thumbnails.py: frames of each clip as small pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from vlret.media.open_media import open_media
from vlret.reports import thumbnails as module
from vlret.reports.thumbnails import previews
from vlret.types import Clip


def pixels(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)))


def test_the_picture_is_the_middle_frame_of_each_clip(counted_video):
    clips = [Clip(counted_video, 2.0, 3.0), Clip(counted_video, 1.0, 2.0), Clip(counted_video, 0.0, 3.0)]
    made = previews([*clips, clips[0]])
    levels = {clip: round(pixels(preview.middle.jpeg).mean() / 8) for clip, preview in made.items()}
    assert levels == {clips[0]: 25, clips[1]: 15, clips[2]: 15}  # 10 fps; frame 15 is shown at 1.5 s


def test_three_frames_are_the_middles_of_thirds(counted_video):
    clip = Clip(counted_video, 0.0, 3.0)
    preview = previews([clip], 3)[clip]
    assert [one.time_s for one in preview.thumbnails] == pytest.approx([0.5, 1.5, 2.5])
    assert [round(pixels(one.jpeg).mean() / 8) for one in preview.thumbnails] == [5, 15, 25]
    assert preview.middle is preview.thumbnails[1]
    assert preview.duration_s == pytest.approx(3.0)


def test_large_pictures_are_made_small_and_keep_their_shape(tmp_path):
    Image.new("RGB", (400, 1000), "red").save(tmp_path / "a.png")
    clip = Clip(tmp_path / "a.png")
    preview = previews([clip], 3, 480)[clip]
    assert [pixels(one.jpeg).shape for one in preview.thumbnails] == [(480, 192, 3)]
    assert preview.duration_s == 0


def test_the_outer_frames_are_half_as_large(counted_video):
    clip = Clip(counted_video, 0.0, 3.0)
    sides = [pixels(one.jpeg).shape[0] for one in previews([clip], 3, 40)[clip].thumbnails]
    assert sides == [20, 40, 20]


def test_a_file_is_opened_once(counted_video, monkeypatch):
    opened = []
    monkeypatch.setattr(module, "open_media", lambda path: opened.append(path) or open_media(path))
    assert len(previews(Clip(counted_video, start, start + 1) for start in (0.0, 1.0, 2.0))) == 3
    assert opened == [counted_video]


@pytest.mark.parametrize("name", ["none.mp4", "bad.mp4", ""])
def test_what_cannot_be_read_is_left_out_with_a_warning(tmp_path, counted_video, caplog, name):
    (tmp_path / "bad.mp4").write_text("no video")
    good, bad = Clip(counted_video), Clip(tmp_path / name)
    assert list(previews([bad, good])) == [good]
    assert str(bad.path) in caplog.text


def test_a_clip_past_the_end_leaves_the_others(counted_video):
    good = Clip(counted_video, 1.0, 2.0)
    assert list(previews([good, Clip(counted_video, 3.0, 4.0)])) == [good]


@pytest.mark.parametrize("name", ["constant.mp4", "rotated_90.mp4", "rotated_270.mov"])
def test_a_turned_video_keeps_its_shape(odd, name):
    clip = Clip(odd(name))
    picture = pixels(previews([clip], side=64)[clip].middle.jpeg)
    assert picture.shape == (48, 64, 3)
    assert picture[-4, 4, 0] > 120 > picture[-4, 4, 2]  # red lower left


@pytest.mark.parametrize(("size", "shown"), [((5000, 2), (1, 480, 3)), ((3, 4), (4, 3, 3))])
def test_a_very_narrow_or_small_picture_is_shown(tmp_path, size, shown):
    Image.new("RGB", size).save(tmp_path / "a.png")
    clip = Clip(tmp_path / "a.png")
    assert pixels(previews([clip], side=480)[clip].middle.jpeg).shape == shown
