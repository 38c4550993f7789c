"""`python -m tests.training.joint.run_tiny FOLDER OUT JSON`: trains the tiny recipe with other numbers of its stage.

Started by `torchrun` or `accelerate launch`, it is one of several processes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.training.joint.tiny import joint_recipe, use_tiny_model
from vlret.training import run

if __name__ == "__main__":
    use_tiny_model()
    run.train(joint_recipe(Path(sys.argv[1]), **json.loads(sys.argv[3])), sys.argv[2])
