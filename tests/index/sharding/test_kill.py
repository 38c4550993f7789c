"""Every shard is killed once, and the merge at each of its steps: the index is that of one undisturbed run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.index.sharding.conftest import TEXT_RULE, contents
from tests.index.stand_in import CircleEmbedder, write_text_video
from vlret.index.build import build_index
from vlret.index.index import Index

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")


def run_killed(texts: Path, base: Path, seed: int) -> tuple[int, set[str]]:
    """How many runs were killed, and how many clips and damaged files the indexes had after that."""
    command = [sys.executable, "-m", "tests.index.sharding.kill_runs", str(texts), str(base), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout), set(done.stderr.split("\n")[:-1])


def test_killed_workers_and_a_killed_merge_end_in_the_index_of_one_run(texts, tmp_path):
    build_index(texts, tmp_path / "one", CircleEmbedder(), TEXT_RULE)
    expected = contents(tmp_path / "one")
    n_killed, seen = run_killed(texts, tmp_path / "runs", 0)
    assert n_killed > 5 + 10
    assert seen == {"0 0", "16 0"}  # an index has nothing or everything
    for folder in (tmp_path / "runs").glob("*/index"):
        assert contents(folder) == expected
        assert not list(folder.rglob("*.part"))


def test_a_killed_merge_into_an_index_leaves_the_old_one_or_the_new(texts, tmp_path):
    build_index(texts, tmp_path / "runs" / "start", CircleEmbedder(), TEXT_RULE)
    write_text_video(texts / "long.mp4", *range(50, 55))
    write_text_video(texts / "new.mp4", 1, 2)
    n_killed, seen = run_killed(texts, tmp_path / "runs", 3)
    assert n_killed > 5 + 10
    assert seen == {"16 0", "11 0"}
    build_index(texts, tmp_path / "one", CircleEmbedder(), TEXT_RULE)
    expected = contents(tmp_path / "one")
    for folder in (tmp_path / "runs").glob("*/index"):
        Index.open(folder).compact()
        assert contents(folder) == expected
