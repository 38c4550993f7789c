"""Indexing with vljepa-mini and searching by text, photograph and label import no torch, in any process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vlret.models.registry import ASSETS

SAMPLES = ASSETS / "samples"
PHOTO = SAMPLES / "photos" / "cat_face.jpg"
VIDEO = SAMPLES / "videos" / "tree_at_window.mp4"
HEAVY = ("torch", "torchvision", "transformers", "timm", "open_clip", "sentence_transformers")


@pytest.fixture
def blocked(tmp_path: Path) -> dict[str, str]:
    """An environment in which whoever imports one of `HEAVY` fails, decoding processes too."""
    for name in HEAVY:
        package = tmp_path / "blocked" / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(f"raise ImportError('{name} was imported')\n")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "blocked"), *sys.path])}


def vlret(environment: dict[str, str], *arguments: object) -> dict:
    command = [sys.executable, "-m", "vlret", *map(str, arguments), "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_index_is_built_and_searched(tmp_path: Path, blocked: dict[str, str]) -> None:
    folder = tmp_path / "index"
    assert vlret(blocked, "index", PHOTO, VIDEO, "--out", folder)["new"] == 2
    recipe = json.loads((folder / "manifest.json").read_text())["recipe"]
    assert (recipe["model"], recipe["engine"]) == ("vljepa-mini", "openvino")
    for query in (PHOTO, "a cat"):
        best = vlret(blocked, "search", folder, query)["hits"][0]
        assert best["path"] == str(PHOTO)
    labelled = vlret(blocked, "label", PHOTO, "--labels", "cat,tree")
    assert "cat" in json.dumps(labelled)


def test_the_block_holds(blocked: dict[str, str]) -> None:
    for name in HEAVY:
        done = subprocess.run(
            [sys.executable, "-c", f"import {name}"], env=blocked, capture_output=True, check=False
        )
        assert done.returncode == 1
