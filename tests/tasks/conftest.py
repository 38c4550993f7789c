"""An index of painted images, and of one video with a red and a blue clip."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import COLOURS, ColourEmbedder
from vlret.index.build import build_index
from vlret.index.index import Index


@pytest.fixture(scope="session")
def painted(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("painted")
    mixed = {"purple": (128, 0, 128), "teal": (0, 128, 128), **COLOURS}
    for name, colour in mixed.items():
        Image.new("RGB", (16, 16), colour).save(folder / f"{name}.png")
    pages = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue") for _ in range(10)]
    pages[0].save(folder / "long.gif", save_all=True, append_images=pages[1:], duration=1000, loop=0)
    return folder


@pytest.fixture(scope="session")
def painted_index(painted, tmp_path_factory) -> Index:
    folder = tmp_path_factory.mktemp("index")
    build_index(painted, folder, model=ColourEmbedder(), clips="window:10", progress=False)
    return Index.open(folder)
