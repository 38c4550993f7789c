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
from tests.training.joint.several import CASES, STEPS, case_recipe
from vlret.training import run
from vlret.training.pairs import loader

ROOT = Path(__file__).parents[3]
SECONDS = 580
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forks")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the runs of all cases, and those of one process that they should equal."""
    folder = tmp_path_factory.mktemp("runs")
    tiny.joint_recipe(folder)
    ask_now_and_then(folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "initial_model", lambda recipe: tiny.joint_model())
        patch.setattr(loader, "ClipDecoder", tiny.DecoderHere)
        for alone, case in {case.alone: case for case in CASES.values()}.items():
            run.train(case_recipe(folder, case, tiny.STAGE.batch), folder / alone)
    command = [sys.executable, "-m", "tests.training.joint.several", str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=ROOT, env=environment, timeout=SECONDS, check=True)
    return folder


def ask_now_and_then(data: Path) -> None:
    """Write asked.csv: the pairs of which every fifth has a query, so that many parts have none."""
    with (data / "pairs.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    with (data / "asked.csv").open("w", newline="") as out:
        table = csv.DictWriter(out, [*rows[0], "query"])
        table.writeheader()
        table.writerows({**row, "query": "" if n % 5 else "is there a dog ?"} for n, row in enumerate(rows))


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
def test_losses_are_those_of_one_process(folder: Path, name: str) -> None:
    found, expected = (metrics(folder / one) for one in (name, CASES[name].alone))
    assert len(found) == STEPS + 1
    if (
        CASES[name].dtype == "bfloat16"
    ):  # rounding differs: FSDP rounds every weight, autocast those of matrices
        assert [line[1] for line in found[1:]] == pytest.approx([line[1] for line in expected[1:]], rel=0.05)
        return
    for line, other in zip(found, expected, strict=True):
        assert line == [number if number is None else pytest.approx(number, rel=1e-3) for number in other]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.dtype == "float32"])
def test_weights_are_those_of_one_process(folder: Path, name: str) -> None:
    ours, alone = (weights(folder / one) for one in (name, CASES[name].alone))
    before = tiny.joint_model().state_dict()
    moved = max((one - before[key].float()).abs().max() for key, one in alone.items())
    assert ours.keys() == alone.keys()
    assert max((one - alone[key]).abs().max() for key, one in ours.items()) < 0.05 * moved
