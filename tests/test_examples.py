"""The example of CONTRIBUTING.md: it does what every model has to do, and can be indexed and searched with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import vlret
from vlret.errors import UsageError

NAME = "mean_colour:MeanColour"
FOLDER = Path(__file__).parent.parent / "examples"
SAMPLES = FOLDER.parent / "vlret/assets/samples/videos"


@pytest.fixture
def model(monkeypatch):
    monkeypatch.chdir(FOLDER)
    return vlret.load_model(NAME)


def test_vectors_have_unit_length_and_do_not_depend_on_the_batch(model):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 2, 8, 8, 3)).astype(np.uint8)
    together = model.embed_clips(pixels)
    alone = np.concatenate([model.embed_clips([clip]) for clip in pixels])
    assert together == pytest.approx(alone, abs=1e-6)
    texts = model.embed_texts(["a red car", "nothing"])
    assert np.linalg.norm(np.concatenate([together, texts]), axis=1) == pytest.approx(np.ones(5), abs=1e-6)
    assert texts[0] == pytest.approx(np.array([1, 0, 0, 0.1]) / np.sqrt(1.01), abs=1e-6)
    assert (together.dtype, texts.dtype) == (np.float32, np.float32)


def test_nothing_gives_no_rows_and_a_query_is_refused(model):
    assert model.embed_texts([]).shape == model.embed_clips([]).shape == (0, 4)
    with pytest.raises(UsageError, match="takes no query"):
        model.embed_clips([np.zeros((1, 8, 8, 3), np.uint8)], "what is it?")


def test_an_index_is_made_and_searched_with_it(model, tmp_path):
    for name in ("red", "blue"):
        Image.new("RGB", (16, 16), name).save(tmp_path / f"{name}.png")
    vlret.build_index([tmp_path], out=tmp_path / "index", model=NAME, progress=False)
    hits = vlret.search(tmp_path / "index", "a red thing", model=NAME)
    assert [Path(hit.path).name for hit in hits] == ["red.png", "blue.png"]
    assert hits[0].score == pytest.approx(1, abs=1e-3)


@pytest.mark.slow
def test_a_pipeline_of_ray_data_embeds_files(tmp_path):
    (tmp_path / "media").mkdir()
    shutil.copy(SAMPLES / "city_traffic.mp4", tmp_path / "media")
    (tmp_path / "media" / "zbad.mp4").write_text("no video")
    command = [sys.executable, FOLDER / "ray_data.py", tmp_path / "media", tmp_path / "out"]
    root = str(FOLDER.parent)
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": root})
    found = pd.read_parquet(tmp_path / "out").sort_values("path", ignore_index=True)
    assert [bool(error) for error in found["error"]] == [False, True]
    expected = vlret.load_model("vljepa-mini").embed_clips([SAMPLES / "city_traffic.mp4"])[0]
    assert found["embedding"][0] @ expected == pytest.approx(1, abs=5e-3)
    assert np.isnan(found["embedding"][1]).all()
