"""A joint training that is killed again and again ends with the model and the metrics of one that was not."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.joint.tiny import digest
from vlret.training.log import read_metrics

ROOT = Path(__file__).parents[3]
CHANGES = {"dropout": 0.1, "part": 3, "evaluate_every": 2, "save_every": 1}


def train(folder: Path, out: Path, n_processes: int, kill_at: int | None = None) -> int:
    """Train the tiny recipe in processes of their own; returns the exit code."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    launcher = ["-m", "torch.distributed.run", f"--nproc-per-node={n_processes}", f"--master-port={port}"]
    command = [sys.executable, *(launcher if n_processes > 1 else []), "-m", "tests.training.joint.run_tiny"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"} | (
        {} if kill_at is None else {"KILL_AT": str(kill_at)}
    )
    changes = json.dumps(CHANGES | {"batch": 12})
    done = subprocess.run([*command, str(folder), str(out), changes], cwd=ROOT, env=environment, check=False,
                          capture_output=True)  # fmt: skip
    return done.returncode


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("n_processes", [1, 2])
def test_a_chain_of_kills_ends_in_the_same_model(tmp_path: Path, n_processes: int) -> None:
    assert train(tmp_path, tmp_path / "whole", n_processes) == 0
    rng = random.Random(n_processes)
    # of about 50 places, the first 10 of which write the initial model
    for place in (rng.randrange(11, 22), rng.randrange(5, 15)):
        assert train(tmp_path, tmp_path / "chain", n_processes, place) != 0
    assert train(tmp_path, tmp_path / "chain", n_processes) == 0
    assert digest(tmp_path / "chain" / "model") == digest(tmp_path / "whole" / "model")
    assert read_metrics(tmp_path / "chain") == read_metrics(tmp_path / "whole")
