"""Pushes killed at random moments: whoever opens the index then finds a whole one, and the next push ends the work."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

from tests.index.pushed.conftest import DIM, change
from tests.index.pushed.test_push import hits
from tests.index.synthetic import synthetic_index, unit_rows
from vlret.index.backends.databases import open_database
from vlret.index.index import Index
from vlret.index.pushed.push import push

N_KILLS = 4
JOB = f"""
import sys
from vlret.index.backends.lancedb import LanceDatabase
from vlret.index.pushed import push, rows
rows._BATCH_BYTES = 4 * {DIM} * 10
push.MAX_EXACT = 100
print("ready", flush=True)
push.push(sys.argv[1], sys.argv[2])
"""


def push_killed(index: Index, address: str, delay_s: float) -> None:
    """Push in a process that is killed after a while."""
    command = [sys.executable, "-c", JOB, str(index.folder), address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        process.stdout.readline()
        time.sleep(delay_s)
        process.kill()


@pytest.mark.slow
def test_pushes_killed_at_random_moments(tmp_path, monkeypatch):
    monkeypatch.setattr("vlret.index.pushed.push.MAX_EXACT", 100)
    index, address = synthetic_index(tmp_path / "index", unit_rows(240, DIM), 3), f"lancedb:{tmp_path}/db"
    push(index.folder, address)
    old = exact(address)
    now = change(index.folder, "/elsewhere")
    new, chance = places(now), random.Random(28)
    for _ in range(N_KILLS):
        push_killed(now, address, chance.uniform(0, 0.6))
        assert exact(address) in (old, new)
    report = push(now.folder, address)
    assert exact(address) == new
    assert report.clips == len(now) == len(open_database(address).ids())


def exact(address: str) -> list:
    """All hits of an open index, also where its search is approximate."""
    index = Index.open(address)
    index.backend._database.effort = 0
    return places(index)


def places(index: Index) -> list:
    """Ranks and places of the hits of `test_push.QUERIES` among the clips that are never removed."""
    return [[hit[:4] for hit in found if hit[0] > 2] for found in hits(index)]
