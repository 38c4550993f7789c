"""Contact sheets: size, order, and time codes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from vlret.reports import contact_sheet as module
from vlret.reports.contact_sheet import contact_sheet
from vlret.types import Clip


@pytest.mark.parametrize("name", ["constant.mp4", "rotated_90.mp4", "vp9.webm"])
def test_a_sheet_has_the_frames_in_reading_order(odd, name):
    sheet = contact_sheet(Clip(odd(name), 0.0, 3.0), 6)
    assert sheet.times == sorted(sheet.times)
    assert len(sheet.times) == 6
    width, height = Image.open(io.BytesIO(sheet.jpeg)).size
    assert width % 4 == height % 2 == 0


def test_noise_of_any_size_fits(monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, (1080, 1440, 3), np.uint8)
    data = module._small_jpeg(Image.fromarray(noise))
    assert len(data) <= module.MOST_BYTES
    monkeypatch.setattr(module, "MOST_BYTES", 20_000)
    assert len(module._small_jpeg(Image.fromarray(noise))) <= 20_000


def test_the_time_is_written_on_the_frames_of_a_video_but_not_on_a_photograph(odd, tmp_path):
    Image.new("RGB", (300, 200), "red").save(tmp_path / "red.png")
    photograph = np.asarray(Image.open(io.BytesIO(contact_sheet(Clip(tmp_path / "red.png"), 3).jpeg)))
    assert photograph.shape == (200, 300, 3)
    assert photograph[..., 1].max() < 20
    film = np.asarray(Image.open(io.BytesIO(contact_sheet(Clip(odd("constant.mp4"), 0.0, 4.0), 1).jpeg)))
    assert film[:16, :30].min() < 40  # the box
    assert film[:16, :30].max() > 200  # the digits
