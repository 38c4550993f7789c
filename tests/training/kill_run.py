"""`python -m tests.training.kill_run FOLDER SEED`: trains undisturbed, then in a chain of kills; prints both digests.

A run kills itself at a step of the optimiser or the renaming of a file, counted from its start, so that the places do
not depend on the load of the machine. One process imports torch, and every run is a fork of it: a start takes a second,
not ten. It needs OMP_NUM_THREADS=1 in its environment: the threads of OpenMP do not survive a fork.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
from dataclasses import replace
from pathlib import Path

from tests.training.conftest import CAPTIONS, QUESTIONS, TOWERS, small_model, tiny_recipe
from tests.training.kill_at import kill_at
from tests.training.parallel.forked import import_late_modules
from vlret.training import run
from vlret.training.log import read_metrics
from vlret.training.recipe import TrainingRecipe

KILLS = 3


def chain_recipe(folder: Path) -> TrainingRecipe:
    """All stages, with everything that draws at random."""
    return replace(
        tiny_recipe(folder),
        stages=(
            replace(TOWERS, epochs=1, dropout=0.1),
            replace(CAPTIONS, epochs=2, dropout=0.2),
            replace(QUESTIONS, epochs=2, dropout=0.2, text_dropout=0.1),
        ),
    )


def train(recipe: TrainingRecipe, out: Path, place: int | None = None) -> int:
    """Train in a process of its own, killed at `place`; returns its exit code."""
    process = os.fork()
    if process == 0:
        try:
            if place is not None:
                kill_at(place)
            run.train(recipe, out)
        finally:
            os._exit(int(sys.exc_info()[0] is not None))
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def n_steps(out: Path) -> int:
    """Steps of all stages that were logged."""
    return len(read_metrics(out))


def killed(recipe: TrainingRecipe, out: Path, place: int) -> list[int]:
    """Train until killed; the exit code and the steps that were logged until then."""
    return [train(recipe, out, place), n_steps(out)]


def digest(out: Path) -> str:
    """Of the finished model's files."""
    files = sorted((out / "model").iterdir())
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def main(folder: Path, seed: int) -> None:
    """Print both digests, and exit code and steps at each kill."""
    import_late_modules()
    run.initial_model = lambda recipe: small_model()  # type: ignore[assignment]
    recipe, rng = chain_recipe(folder), random.Random(seed)
    whole = train(recipe, folder / "whole")
    # of 58 places in a whole run and 30 or more in a resumed one: in the stages, then anywhere behind the first files
    places = [rng.randrange(17, 44), *(rng.randrange(9, 29) for _ in range(KILLS - 1))]
    kills = [killed(recipe, folder / "chain", place) for place in places]
    ended = train(recipe, folder / "chain")
    found = [digest(folder / name) for name in ("whole", "chain")]
    print(json.dumps({"ended": [whole, ended], "kills": kills, "digests": found}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
