"""Tiny videos of one colour, and an index over them."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.conftest import COLOURS
from tests.index.stand_in import CircleEmbedder, write_text_video


def write_video(path: Path, colours: list[str], seconds_each: float = 1.0, fps: int = 5) -> Path:
    """A 32 x 32 video that shows one colour after the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width = stream.height = 32
        for colour in colours:
            pixels = np.full((32, 32, 3), COLOURS[colour], np.uint8)
            for _ in range(int(seconds_each * fps)):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def write_image(path: Path, colour: str) -> Path:
    """A 32 x 32 photograph of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (32, 32), COLOURS[colour]).save(path)
    return path


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    write_text_video(folder / "a.mp4", 1, 2)
    write_text_video(folder / "sub" / "b.mp4", 30)
    write_text_video(folder / "c.mov", 60, 61, 62, 63)
    write_text_video(folder / "bad.mp4", 5, "bad")
    (folder / ".hidden.mp4").touch()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def model() -> CircleEmbedder:
    return CircleEmbedder()
