"""`python -m tests.training.joint.run_tiny FOLDER OUT JSON`: trains the tiny recipe with other numbers of its stage.

Started by `torchrun` or `accelerate launch`, it is one of several processes. `KILL_AT` in the environment lets the main
process kill itself before the step, or the renaming of a file, of that number.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from tests.training.joint.tiny import joint_recipe, use_tiny_model
from vlret.training import run
from vlret.training.checkpoint import TrainingState


def kill_at(place: int) -> None:
    numbers = count()

    def watched(call: Callable[..., Any]) -> Callable[..., Any]:
        def call_or_die(*args: Any, **kwargs: Any) -> Any:
            if next(numbers) == place:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **kwargs)

        return call_or_die

    os.replace = watched(os.replace)  # type: ignore[assignment]
    TrainingState.update = watched(TrainingState.update)  # type: ignore[method-assign]


if __name__ == "__main__":
    use_tiny_model()
    if os.environ.get("RANK", "0") == "0" and "KILL_AT" in os.environ:
        kill_at(int(os.environ["KILL_AT"]))
    run.train(joint_recipe(Path(sys.argv[1]), **json.loads(sys.argv[3])), sys.argv[2])
