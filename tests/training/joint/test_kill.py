"""A joint training that is killed again and again ends with the model and the metrics of one that was not."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.training.joint.kill_run import CHANGES
from tests.training.joint.tiny import digest
from vlret.training.log import read_metrics

ROOT = Path(__file__).parents[3]
ALONE = {**os.environ, "OMP_NUM_THREADS": "1"}
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="the runs are forks")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kills")


@pytest.fixture(scope="module")
def codes(folder: Path) -> dict[str, Any]:
    """What `kill_run` prints."""
    command = [sys.executable, "-m", "tests.training.joint.kill_run", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=ALONE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("n_processes", [1, 2])
def test_a_chain_of_kills_ends_in_the_same_model(
    folder: Path, codes: dict[str, Any], n_processes: int
) -> None:
    found, whole, chain = (
        codes[str(n_processes)],
        *(folder / f"{one}-{n_processes}" for one in ("whole", "chain")),
    )
    assert found["whole"] == found["chain"] == [0] * n_processes
    assert [kill[0] for kill in found["kills"]] == [-signal.SIGKILL] * 2
    assert all(code != 0 for kill in found["kills"] for code in kill)
    assert digest(chain / "model") == digest(whole / "model")
    assert read_metrics(chain) == read_metrics(whole)


@pytest.mark.timeout(600)
def test_processes_of_torchrun_train_the_same_model(folder: Path, codes: dict[str, Any]) -> None:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    out = folder / "torchrun"
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node=2", f"--master-port={port}"]
    started = ["-m", "tests.training.joint.run_tiny", str(folder), str(out), json.dumps(CHANGES)]
    done = subprocess.run(
        [sys.executable, *launcher, *started], cwd=ROOT, env=ALONE, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert digest(out / "model") == digest(folder / "whole-2" / "model")
