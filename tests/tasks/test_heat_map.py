"""heat_map.py: the covered cell is the one that counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ColourEmbedder
from tests.index.conftest import write_image, write_video
from vlret.errors import MediaError
from vlret.index.build import build_index
from vlret.tasks.heat_map import heat_map
from vlret.tasks.searcher import Searcher
from vlret.types import Clip


def test_only_the_cell_that_shows_it_is_hot(colour_model):
    frame = np.full((21, 35, 3), 128, np.uint8)
    frame[6:9, 20:25] = (255, 0, 0)  # row 2, column 4 of 7 x 7
    heat = heat_map(colour_model, frame, colour_model.embed_texts(["red"])[0])
    assert heat.shape == (7, 7)
    assert heat.dtype == np.float32
    assert np.unravel_index(heat.argmax(), heat.shape) == (2, 4)
    assert (heat > 0.001).sum() == 1


def test_each_cell_is_the_cosine_that_is_lost(colour_model):
    frame = np.zeros((4, 6, 3), np.uint8)
    frame[:2, :3], frame[2:, 3:] = (255, 0, 0), (0, 0, 255)
    query = colour_model.embed_texts(["red"])[0]
    heat = heat_map(colour_model, frame, query, rows=2, columns=2)
    mean = frame.mean((0, 1)).round().astype(np.uint8)
    covered = frame.copy()
    covered[:2, :3] = mean
    whole, without = colour_model.embed_clips([frame, covered]) @ query
    assert heat[0, 0] == pytest.approx(whole - without, abs=1e-6)
    assert heat[0, 0] > 0 > heat[1, 1]


def test_cells_cover_frames_whose_sides_they_do_not_divide(colour_model):
    frame = np.random.default_rng(0).integers(0, 255, (10, 9, 3)).astype(np.uint8)
    seen: list[np.ndarray] = []
    model = ColourEmbedder()
    model.encode_pixels = lambda clips: seen.extend(clips) or ColourEmbedder.encode_pixels(model, clips)
    heat_map(model, frame, colour_model.embed_texts(["red"])[0], rows=3, columns=4)
    changed = np.stack([(clip[0] != frame).any(-1) for clip in seen[1:]])
    assert len(seen) == 13
    assert (changed.sum(0) <= 1).all()
    assert changed.any(0).mean() > 0.95  # a pixel may have the mean colour itself


def test_a_searcher_reads_the_middle_of_a_clip(tmp_path: Path):
    write_video(tmp_path / "media" / "a.mp4", ["grey", "red", "grey"])
    picture = Image.new("RGB", (32, 32), (128, 128, 128))
    picture.paste((255, 0, 0), (0, 0, 16, 16))
    picture.save(tmp_path / "media" / "b.png")
    write_image(tmp_path / "media" / "c.png", "blue")
    build_index(tmp_path / "media", tmp_path / "index", ColourEmbedder(frames=4), progress=False)
    with Searcher(tmp_path / "index", ColourEmbedder()) as searcher:
        middle = searcher.heat_map(Clip(tmp_path / "media" / "a.mp4", 1.0, 2.0), "red")
        assert middle == pytest.approx(np.zeros((7, 7)), abs=0.01)  # all red: no cell matters
        corner = searcher.heat_map(tmp_path / "media" / "b.png", "grey", minus=["red"])
        assert corner[:3, :3].max() < 0 < corner[4:, 4:].min()
        with pytest.raises(MediaError):
            searcher.heat_map(tmp_path / "media" / "gone.png", "red")
