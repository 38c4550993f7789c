"""thumbnails.py: the middle frame of each clip."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from vlret.media import reader
from vlret.reports import thumbnails as module
from vlret.reports.thumbnails import thumbnails
from vlret.types import Clip


def pixels(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)))


def test_the_picture_is_the_middle_frame_of_each_clip(counted_video):
    clips = [Clip(counted_video, 2.0, 3.0), Clip(counted_video, 1.0, 2.0), Clip(counted_video, 0.0, 3.0)]
    pictures = thumbnails([*clips, clips[0]])
    levels = {clip: round(pixels(jpeg).mean() / 8) for clip, jpeg in pictures.items()}
    assert levels == {clips[0]: 25, clips[1]: 15, clips[2]: 15}  # 10 fps; frame 15 is shown at 1.5 s


def test_large_pictures_are_made_small_and_keep_their_shape(tmp_path):
    Image.new("RGB", (400, 1000), "red").save(tmp_path / "a.png")
    clip = Clip(tmp_path / "a.png")
    assert pixels(thumbnails([clip])[clip]).shape == (480, 192, 3)


def test_a_file_is_opened_once(counted_video, monkeypatch):
    opened = []
    monkeypatch.setattr(module, "open_media", lambda path: opened.append(path) or reader.open_media(path))
    assert len(thumbnails(Clip(counted_video, start, start + 1) for start in (0.0, 1.0, 2.0))) == 3
    assert opened == [counted_video]


@pytest.mark.parametrize("name", ["none.mp4", "bad.mp4", ""])
def test_what_cannot_be_read_is_left_out_with_a_warning(tmp_path, counted_video, caplog, name):
    (tmp_path / "bad.mp4").write_text("no video")
    good, bad = Clip(counted_video), Clip(tmp_path / name)
    assert list(thumbnails([bad, good])) == [good]
    assert str(bad.path) in caplog.text
