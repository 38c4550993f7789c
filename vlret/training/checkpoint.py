"""What a stopped training needs to resume: weights, optimiser, schedule and random states in one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from vlret.files import replacing


@dataclass(frozen=True)
class TrainingState:
    """Everything that changes while a stage trains; `trained` holds its parameters by name."""

    trained: Mapping[str, nn.Parameter]
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    rng: np.random.Generator

    @property
    def device(self) -> torch.device:
        """Where the parameters lie."""
        return next(iter(self.trained.values())).device

    def step(self, loss: torch.Tensor) -> float:
        """Take one optimiser step, gradients clipped to norm 1; returns the value of `loss`."""
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained.values(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        return loss.item()

    def save(self, file: Path, epoch: int) -> None:
        """Write all that `resume` needs, completely or not at all."""
        state = {
            "epoch": epoch,
            "weights": {name: parameter.data for name, parameter in self.trained.items()},
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "torch_rng": torch.get_rng_state(),
            "gpu_rng": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
            "rng": _plain(self.rng.bit_generator.state),
        }
        with replacing(file) as out:
            torch.save(state, out)

    def resume(self, file: Path) -> int:
        """Load the state in `file` if it exists; returns the number of finished epochs."""
        if not file.is_file():
            return 0
        state = torch.load(file, weights_only=True)
        for name, parameter in self.trained.items():
            parameter.data.copy_(state["weights"][name])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["torch_rng"])
        if state["gpu_rng"] is not None:
            torch.cuda.set_rng_state(state["gpu_rng"], self.device)
        self.rng.bit_generator.state = _whole(state["rng"])
        return int(state["epoch"])


def one_cycle(
    groups: list[tuple[list[nn.Parameter], float]], steps: int, weight_decay: float
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """Return AdamW over (parameters, highest rate) groups; rates rise for a tenth of `steps` and then fall."""
    optimiser = torch.optim.AdamW([{"params": p} for p, _ in groups], weight_decay=weight_decay)
    rates = [rate for _, rate in groups]
    rise = max(0.1, 2 / (steps + 1))  # two steps or more: the schedule divides by one less
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=steps + 1, pct_start=rise)
    return optimiser, schedule


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    """A numpy random state with its 128-bit integers as text, which torch can store."""
    return {**state, "state": {key: str(value) for key, value in state["state"].items()}}


def _whole(state: dict[str, Any]) -> dict[str, Any]:
    return {**state, "state": {key: int(value) for key, value in state["state"].items()}}
