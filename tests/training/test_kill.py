"""A training that is killed again and again ends with the model of one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the runs are forks")
def test_a_chain_of_kills_ends_in_the_same_model(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.training.kill_run", str(tmp_path), "1"]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["ended"] == [0, 0]
    assert [code for code, _ in found["kills"]] == [-signal.SIGKILL] * 3
    assert all(n_steps > 0 for _, n_steps in found["kills"])
    assert found["digests"][0] == found["digests"][1]
