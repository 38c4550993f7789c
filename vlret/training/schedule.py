"""The rate of a joint stage over its steps."""

from __future__ import annotations

import math

import torch


def warmed_up(
    optimiser: torch.optim.Optimizer, kind: str, warmup: int, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """Return a schedule of `steps` steps whose rates rise linearly for `warmup` and then are constant or fall.

    `kind` is `constant`, or `cosine`, which falls to 0 by half a cosine.
    """
    return torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: factor(step, kind, warmup, steps))


def factor(step: int, kind: str, warmup: int, steps: int) -> float:
    """Return what the highest rate is multiplied by in step number `step`, counted from 0."""
    if step < warmup:
        return (step + 1) / warmup
    if kind == "constant":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, steps - warmup))))
