"""`python -m tests.training.kill_run FOLDER SEED`: trains undisturbed, then in a chain of kills; prints both digests.

One process imports torch, and every run is a fork of it: a start costs a second, not ten. It needs
OMP_NUM_THREADS=1 in its environment: the threads of OpenMP do not survive a fork.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from tests.training.conftest import small_model, tiny_recipe
from vlret.training import run
from vlret.training.recipe import Recipe

KILLS = 3


def chain_recipe(folder: Path) -> Recipe:
    """All stages, with everything that draws at random."""
    recipe = tiny_recipe(folder)
    return replace(
        recipe,
        towers=replace(recipe.towers, epochs=1, dropout=0.1),
        captions=replace(recipe.captions, epochs=2, dropout=0.2),
        questions=replace(recipe.questions, epochs=2, dropout=0.2, text_dropout=0.1),
    )


def started(recipe: Recipe, out: Path) -> int:
    """The id of a process that trains and exits with 0."""
    process = os.fork()
    if process == 0:
        try:
            run.train(recipe, out)
        finally:
            os._exit(int(sys.exc_info()[0] is not None))
    return process


def finished(process: int) -> bool:
    """Wait for the end; whether it was a good one."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


def n_epochs(out: Path) -> int:
    """Epochs of all stages that were noted."""
    file = out / "epochs.jsonl"
    return len(file.read_text().splitlines()) if file.is_file() else 0


def killed(recipe: Recipe, out: Path, rng: random.Random) -> int:
    """Train until a random number of further epochs and a moment more; how many there are then."""
    process, until, late_s = started(recipe, out), n_epochs(out) + rng.randrange(4), time.monotonic() + 60
    while n_epochs(out) < until and time.monotonic() < late_s:
        if os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
        time.sleep(0.01)
    time.sleep(rng.uniform(0, 0.5))
    os.kill(process, signal.SIGKILL)
    finished(process)
    return n_epochs(out)


def digest(out: Path) -> str:
    """Of the finished model's files."""
    files = sorted((out / "model").iterdir())
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def main(folder: Path, seed: int) -> None:
    """Print the digests of both, and the number of epochs at each kill."""
    run.initial_model = lambda recipe: small_model()  # type: ignore[assignment]
    recipe, rng = chain_recipe(folder), random.Random(seed)
    whole = finished(started(recipe, folder / "whole"))
    places = [killed(recipe, folder / "chain", rng) for _ in range(KILLS)]
    ended = finished(started(recipe, folder / "chain"))
    found = [digest(folder / name) for name in ("whole", "chain")]
    print(json.dumps({"ended": [whole, ended], "kills": places, "digests": found}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
