"""`python -m tests.training.joint.kill_run FOLDER`: trains the tiny recipe whole and in chains of kills.

Each is done by one process and by two; exit codes are printed.

The main process kills itself before a step, or the renaming of a file; as torchrun does, the others are then ended. One
process imports torch, and every run is a fork of it, with the environment that torchrun gives. It needs
OMP_NUM_THREADS=1 in its environment.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import socket
import sys
from pathlib import Path

import torch

from tests.training.joint.tiny import decode_here, joint_recipe, use_tiny_model
from tests.training.kill_at import kill_at
from tests.training.parallel.forked import import_late_modules
from vlret.training import run

CHANGES = {"batch": 12, "dropout": 0.1, "part": 3, "evaluate_every": 2, "save_every": 1}
SECONDS = 120


def one_process(folder: Path, out: Path, environment: dict[str, str], place: int | None) -> None:
    os.environ |= environment
    if place is not None and environment.get("RANK", "0") == "0":
        kill_at(place)
    run.train(joint_recipe(folder, **CHANGES), out)
    if environment:
        torch.distributed.destroy_process_group()


def train(folder: Path, out: Path, n_processes: int, place: int | None = None) -> list[int | None]:
    """Train in several processes, the first of which is killed at `place`; their exit codes."""
    fork = multiprocessing.get_context("fork")
    workers = [
        fork.Process(target=one_process, args=(folder, out, environment, place))
        for environment in environments(n_processes)
    ]
    for worker in workers:
        worker.start()
    workers[0].join(SECONDS)
    for other in workers if workers[0].exitcode != 0 else ():
        other.kill()
    for worker in workers:
        worker.join(SECONDS)
    return [worker.exitcode for worker in workers]


def environments(n_processes: int) -> list[dict[str, str]]:
    """Those of torchrun; of a process that is alone: nothing."""
    if n_processes == 1:
        return [{}]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    return [
        {**place, "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(n_processes)}
        for rank in range(n_processes)
    ]


def main(folder: Path) -> None:
    """Print, by the number of processes, the exit codes of the whole run, of each kill, and of the last run."""
    torch.set_num_threads(1)
    use_tiny_model()
    decode_here()
    import_late_modules()
    codes: dict[int, object] = {}
    for n in (1, 2):
        rng = random.Random(n)
        # of about 50 places, the first 10 of which write the initial model
        places = (rng.randrange(11, 22), rng.randrange(5, 15))
        whole, chain = folder / f"whole-{n}", folder / f"chain-{n}"
        codes[n] = {
            "whole": train(folder, whole, n),
            "kills": [train(folder, chain, n, place) for place in places],
            "chain": train(folder, chain, n),
        }
    print(json.dumps(codes))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
