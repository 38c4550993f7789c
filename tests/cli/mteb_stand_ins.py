"""The command line with mteb's mock video tasks among its tasks.

A program of its own, because torchcodec finds FFmpeg only through what the environment says at the start.
"""

from __future__ import annotations

from mteb.get_tasks import _TASKS_REGISTRY
from mteb.mocks import ALL_MOCK_TASK_REGISTRY

from tests.cli.stand_ins import load_folder
from vlret.cli.app import main
from vlret.models import registry

if __name__ == "__main__":
    _TASKS_REGISTRY.update(ALL_MOCK_TASK_REGISTRY)
    registry._load_folder = load_folder
    main()
