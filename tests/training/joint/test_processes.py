"""A joint stage in 2 and 4 processes, by DDP and FSDP2, at once and in parts, trains as one process does."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.training.joint import tiny
from tests.training.joint.several import CASES, STEPS
from vlret.training import run

ROOT = Path(__file__).parents[3]
SECONDS = 580
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forks")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the runs of all cases, and one for each loss of one process."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "initial_model", lambda recipe: tiny.joint_model())
        for loss in {case.loss for case in CASES.values()}:
            run.train(tiny.joint_recipe(folder, steps=STEPS, loss=loss), folder / loss)
    command = [sys.executable, "-m", "tests.training.joint.several", str(folder)]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=ROOT, env=alone, timeout=SECONDS, check=True)
    return folder


def metrics(folder: Path) -> list[list[float | None]]:
    """The numbers of each line of metrics.csv."""
    with (folder / "metrics.csv").open() as lines:
        return [[float(cell) if cell else None for cell in line[1:]] for line in list(csv.reader(lines))[1:]]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Of the finished model; the bias of keys has no effect on attention, what it learns is rounding."""
    files = [load_file(file) for file in sorted((folder / "model").glob("*.safetensors"))]
    return {
        name: one.float() for part in files for name, one in part.items() if not name.endswith("key.bias")
    }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CASES)
def test_losses_and_weights_are_those_of_one_process(folder: Path, name: str) -> None:
    found, expected = (metrics(folder / one) for one in (name, CASES[name].loss))
    assert len(found) == STEPS + 1
    for line, other in zip(found, expected, strict=True):
        assert line == [number if number is None else pytest.approx(number, rel=1e-3) for number in other]
    ours, alone, before = weights(folder / name), weights(folder / CASES[name].loss), weights_before(folder)
    moved = max((one - before[key]).abs().max() for key, one in alone.items())
    furthest = max((one - alone[key]).abs().max() for key, one in ours.items())
    assert ours.keys() == alone.keys()
    assert furthest < 0.05 * moved


def weights_before(folder: Path) -> dict[str, torch.Tensor]:
    return {name: one.float() for name, one in tiny.joint_model().state_dict().items()}
