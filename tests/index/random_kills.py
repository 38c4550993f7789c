"""Kills writers at seeded random moments; the index must end as an undisturbed run makes it.

    python -m tests.index.random_kills --kills 100 --seed 0

Rounds of: files change, runs and compactions are killed one after the other, one run comes through, and the
rows and vectors are compared with those of a new index. Prints the number of kills.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from tests.index.kill_runs import build_job, compact_job
from tests.index.stand_in import write_text_video
from tests.index.test_kill import contents
from tests.index.waste import require_no_waste
from vlret.index.index import Index

KILLS_A_ROUND = 5


def change_library(library: Path, random: np.random.Generator) -> None:
    """New, changed, damaged and deleted files."""
    for number in random.choice(30, 10, replace=False):
        path = library / f"{number}.mp4"
        if random.random() < 0.2:
            path.unlink(missing_ok=True)
        else:
            ending = ["bad"] if random.random() < 0.1 else []
            write_text_video(path, *random.integers(1, 250, random.integers(1, 6)), *ending)


def killed(job: object, library: Path, folder: Path, delay_s: float) -> bool:
    """Run `job` in a child and kill it after `delay_s`; whether it was still at work."""
    child = os.fork()
    if child == 0:
        try:
            job(library, folder)  # type: ignore[operator]
        finally:
            os._exit(0)
    time.sleep(delay_s)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def run_round(base: Path, number: int, random: np.random.Generator) -> int:
    """Change the library, kill some runs, let one end, compare; the number of runs killed at work."""
    library, folder = base / "library", base / "index"
    change_library(library, random)
    build_job(library, base / f"warm{number}")  # modules are imported on first use
    began_s = time.monotonic()
    build_job(library, base / f"undisturbed{number}")
    duration_s, n_killed = time.monotonic() - began_s, 0
    while n_killed < KILLS_A_ROUND:
        is_index = (folder / "manifest.json").exists()
        job = compact_job if is_index and random.random() < 0.2 else build_job
        n_killed += killed(job, library, folder, random.uniform(0, duration_s))
        if (folder / "manifest.json").exists() and (damage := Index.open(folder).check()):
            raise SystemExit(f"round {number}: {damage}")
        if random.random() < 0.3:
            change_library(library, random)
    build_job(library, folder)
    build_job(library, base / f"expected{number}")
    pd.testing.assert_frame_equal(contents(folder), contents(base / f"expected{number}"))
    require_no_waste(folder)
    return n_killed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    random, n_kills, number = np.random.default_rng(asked.seed), 0, 0
    with tempfile.TemporaryDirectory() as base:
        while n_kills < asked.kills:
            n_kills += run_round(Path(base), number, random)
            number += 1
    print(n_kills)
