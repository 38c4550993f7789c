"""`python -m tests.training.joint.run_tiny FOLDER OUT JSON`: trains the tiny recipe with other numbers of its stage.

Started by `torchrun` or `accelerate launch`, it is one of several processes. `KILL_AT` in the environment lets the main
process kill itself before the step, or the renaming of a file, of that number.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.training.joint.tiny import joint_recipe, use_tiny_model
from tests.training.kill_at import kill_at
from vlret.training import run

if __name__ == "__main__":
    use_tiny_model()
    if os.environ.get("RANK", "0") == "0" and "KILL_AT" in os.environ:
        kill_at(int(os.environ["KILL_AT"]))
    run.train(joint_recipe(Path(sys.argv[1]), **json.loads(sys.argv[3])), sys.argv[2])
