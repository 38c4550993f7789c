"""Sprites and single thumbnails of clips."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import paint_image, paint_video
from tests.conftest import COLOURS
from vlret.errors import MediaError
from vlret.reports.sprite import HEIGHT, N_FRAMES, WIDTH, sprite
from vlret.reports.thumbnails import thumbnail
from vlret.types import Clip


def pixels(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)), np.float64)


def cell_colours(row: np.ndarray) -> list[str]:
    """The colour in the middle of each frame of a sprite."""
    cells = [row[50:80, n * WIDTH + 100 : n * WIDTH + 140].mean((0, 1)) for n in range(N_FRAMES)]
    return [min(COLOURS, key=lambda name: np.abs(cell - COLOURS[name]).sum()) for cell in cells]


def test_a_sprite_shows_the_middles_of_eight_equal_segments(tmp_path: Path) -> None:
    paint_video(tmp_path / "a.mp4", "red", "green", "blue", "grey", seconds=2)
    whole = pixels(sprite(Clip(tmp_path / "a.mp4", 0.0, 8.0)))
    assert whole.shape == (HEIGHT, N_FRAMES * WIDTH, 3)
    assert cell_colours(whole) == ["red", "red", "green", "green", "blue", "blue", "grey", "grey"]
    assert cell_colours(pixels(sprite(Clip(tmp_path / "a.mp4", 3.0, 5.0)))) == ["green"] * 4 + ["blue"] * 4


def test_an_image_fills_a_sprite_and_keeps_its_shape(tmp_path: Path) -> None:
    paint_image(tmp_path / "a.png", "blue")  # 40 x 30
    row = pixels(sprite(Clip(tmp_path / "a.png")))
    assert cell_colours(row) == ["blue"] * 8
    assert row[:, :25].max() < 40
    assert row[5:-5, 35:205, 2].min() > 200


def test_a_thumbnail_is_the_middle_frame_at_its_own_size_or_smaller(tmp_path: Path) -> None:
    paint_video(tmp_path / "a.mp4", "red", "green", "blue")
    small = pixels(thumbnail(Clip(tmp_path / "a.mp4", 0.0, 6.0)))
    assert small.shape == (32, 32, 3)
    assert np.abs(small.mean((0, 1)) - COLOURS["green"]).max() < 12
    assert pixels(thumbnail(Clip(tmp_path / "a.mp4", 0.0, 6.0), side=16)).shape == (16, 16, 3)


def test_a_clip_behind_the_end_has_no_picture(tmp_path: Path) -> None:
    paint_video(tmp_path / "a.mp4", "red")
    for make in (sprite, thumbnail):
        with pytest.raises(MediaError):
            make(Clip(tmp_path / "a.mp4", 5.0, 6.0))
