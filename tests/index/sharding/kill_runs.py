"""Plan, encode and merge in processes that are killed: each shard once, and the merge at each of its steps.

    python -m tests.index.sharding.kill_runs TEXTS FOLDER SEED

Prints how many runs were killed; FOLDER/N/index are the indexes that came about in the end.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.index.kill_runs import kill_at
from tests.index.sharding.conftest import TEXT_RULE, use_texts
from tests.index.stand_in import CircleEmbedder
from vlret.index.index import Index
from vlret.index.sharding import merge as merge_module
from vlret.index.sharding.encode_plan import encode_plan
from vlret.index.sharding.merge import merge_shards
from vlret.index.sharding.plan import ShardPlan
from vlret.index.sharding.plan_shards import plan_shards

merge_module.SHARD_CLIPS, merge_module.MERGE_AT = 8, 1


def is_killed(step: int, job: Callable[[], object]) -> bool:
    """Whether the job, in a process of its own, was killed at a step; else it came through."""
    child = os.fork()
    if child == 0:
        kill_at(step)
        job()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status) != 0:
        sys.exit(f"step {step} failed")
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def encode_killed(plan: ShardPlan, folder: Path, draw: random.Random) -> int:
    """Encode each shard, killed once at some step before it is there, then again."""
    n_killed = 0
    for number in range(len(plan.shards)):
        place = (number, len(plan.shards))

        def job(place: tuple[int, int] = place) -> None:
            encode_plan(plan, folder, place, CircleEmbedder(), progress=False)

        n_killed += is_killed(draw.randrange(4), job)
        job()
    return n_killed


if __name__ == "__main__":
    texts, base, draw = Path(sys.argv[1]), Path(sys.argv[2]), random.Random(int(sys.argv[3]))
    use_texts(pytest.MonkeyPatch())
    plan = plan_shards(texts, 5, CircleEmbedder(), TEXT_RULE, progress=False)
    n_killed = encode_killed(plan, base / "shards", draw)
    merge_shards(plan, base / "shards", base / "warm", progress=False)  # imports what forked runs need
    for step in count():
        index = base / str(step) / "index"
        if (base / "start").exists():
            shutil.copytree(base / "start", index)
        if not is_killed(step, lambda out=index: merge_shards(plan, base / "shards", out, progress=False)):
            break
        if (index / "manifest.json").exists():
            seen = Index.open(index)
            print(len(seen), len(seen.check()), file=sys.stderr)
        merge_shards(plan, base / "shards", index, progress=False)
        n_killed += 1
    print(n_killed)
