"""2 and 4 processes compute the loss and the gradients of one process with the joined batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.training.parallel.pairs import COUNT, Step, assert_same, drawn_batch, furthest, step, tiny_pairs
from vlret.training.losses.registry import LOSSES

ROOT = Path(__file__).parents[3]
SECONDS = 280


class Run:
    """What each of several processes has written."""

    def __init__(self, folder: Path, n_processes: int) -> None:
        self.tensors = [load_file(folder / f"{rank}.safetensors") for rank in range(n_processes)]
        self.refused = [json.loads((folder / f"{rank}.json").read_text()) for rank in range(n_processes)]

    def steps(self, case: str) -> list[Step]:
        """Loss and gradients of a case, of each process."""
        head = f"{case}/"
        named = [
            {n.removeprefix(head): t for n, t in own.items() if n.startswith(head)} for own in self.tensors
        ]
        return [(own.pop(""), own) for own in named]


pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forks")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds what all processes of both runs have written."""
    folder = tmp_path_factory.mktemp("runs")
    command = [sys.executable, "-m", "tests.training.parallel.worker", str(folder)]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=ROOT, env=alone, timeout=SECONDS, check=True)
    return folder


@pytest.fixture(scope="module", params=[2, 4])
def run(request: pytest.FixtureRequest, folder: Path) -> Run:
    return Run(folder / str(request.param), request.param)


@pytest.fixture(scope="module")
def alone() -> dict[str, Step]:
    """By loss: one process with the joined batch."""
    return {name: step(name, drawn_batch(), [COUNT], tiny_pairs()) for name in LOSSES}


@pytest.mark.parametrize("how", ["whole", "parts"])
@pytest.mark.parametrize("name", LOSSES)
def test_loss_and_gradients_are_those_of_one_process(
    run: Run, alone: dict[str, Step], name: str, how: str
) -> None:
    for found in run.steps(f"{name}/{how}"):
        assert_same(found, alone[name])


@pytest.mark.parametrize("how", ["whole", "parts"])
def test_sharded_parameters_get_the_same_gradients(run: Run, alone: dict[str, Step], how: str) -> None:
    for found in run.steps(f"fsdp/{how}"):
        assert_same(found, alone["info_nce"])


def test_a_gather_with_the_gradient_of_the_own_loss_alone_is_found_out(
    run: Run, alone: dict[str, Step]
) -> None:
    loss, gradients = run.steps("wrong")[0]
    assert torch.isclose(loss, alone["info_nce"][0], rtol=1e-5)
    assert furthest((loss, gradients), alone["info_nce"]) > 0.1


def test_rows_come_in_order_of_rank_and_get_the_sum_of_all_gradients(run: Run) -> None:
    n_processes = len(run.tensors)
    factors = n_processes * (n_processes + 1) // 2
    for rank, tensors in enumerate(run.tensors):
        assert tensors["rows"].flatten().tolist() == list(range(2 * n_processes))
        assert tensors["row_gradient"].flatten().tolist() == [
            factors * (2 * rank + 1),
            factors * (2 * rank + 2),
        ]


def test_unequal_numbers_of_rows_are_refused_on_every_process(run: Run) -> None:
    expected = {"code": "unequal_rows", "given": list(range(1, len(run.refused) + 1))}
    assert run.refused == [expected] * len(run.refused)
