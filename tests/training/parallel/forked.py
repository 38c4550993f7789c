"""Processes that are forks of one that has imported everything: a start takes no time."""

from __future__ import annotations

import importlib
import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

SECONDS = 120
LATE = ("pandas", "pyarrow.dataset", "torch.utils.tensorboard", "torchvision.tv_tensors",
        "transformers.convert_slow_tokenizer", "transformers.video_processing_utils")  # fmt: skip


def import_late_modules() -> None:
    """Import what a training imports as it needs it: each fork would import it anew."""
    for name in LATE:
        importlib.import_module(name)


def all_end_well(main: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> bool:
    """Run `main` in one process for each of `arguments`; one that hangs is killed."""
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=main, args=one) for one in arguments]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(SECONDS)
        worker.kill()
        worker.join()
    return all(worker.exitcode == 0 for worker in workers)
