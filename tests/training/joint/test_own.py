"""The command that the docs begin with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vlret.models.vljepa.embedder import VLJEPA
from vlret.training.log import read_metrics

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_recipes_own_trains_and_prints_the_model(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "vlret",
        "train",
        "recipes/own/recipe.toml",
        "--out",
        str(tmp_path / "own"),
    ]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}/own/model\n"), done.stderr
    rows = read_metrics(tmp_path / "own")
    assert [(one.stage, one.step) for one in rows] == [
        (stage, step) for stage in ("captions", "questions") for step in range(21)
    ]
    assert rows[20].loss < rows[1].loss
    card = VLJEPA(tmp_path / "own" / "model").card
    before = VLJEPA(ROOT / "vlret" / "assets" / "vljepa-mini").card
    assert (card.name, card.frames) == ("vljepa-own", 8)
    assert card.trained_on == (*before.trained_on, "samples of vlret")
    assert card.weights_hash != before.weights_hash
