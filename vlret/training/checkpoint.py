"""What a stopped training needs to resume: weights, optimiser, schedule and random states in one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from vlret.files import replacing
from vlret.training.sharded import clip_gradients, split_like, whole

LARGEST_NORM = 1.0
"""Gradients are clipped to this norm."""


@dataclass(frozen=True)
class TrainingState:
    """Everything that changes while a stage trains.

    Attributes:
        trained: the parameters by name.
        optimiser, schedule: of these parameters.
        rng: what a stage draws by.
        buffers: tensors that change, but are not learned.
        writes: whether this process writes the file; all processes have to call `save`.
    """

    trained: Mapping[str, nn.Parameter]
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    buffers: Mapping[str, torch.Tensor] = field(default_factory=dict)
    writes: bool = True

    @property
    def device(self) -> torch.device:
        """Where the parameters lie."""
        return next(iter(self.trained.values())).device

    @property
    def rate(self) -> float:
        """The rate of the first parameters in the next step."""
        return float(self.schedule.get_last_lr()[0])

    def step(self, loss: torch.Tensor) -> float:
        """Take one optimiser step; returns the value of `loss`."""
        loss.backward()
        self.update()
        return loss.item()

    def update(self) -> float:
        """Take one optimiser step by the gradients, clipped to `LARGEST_NORM`; returns their norm before."""
        norm = clip_gradients(self.trained.values(), LARGEST_NORM)
        self.optimiser.step()
        self.schedule.step()
        self.optimiser.zero_grad()
        return norm

    def save(self, file: Path, done: int) -> None:
        """Write all that `resume` needs, completely or not at all; `done` counts steps or epochs."""
        state = {
            "done": done,
            "weights": self.weights(),
            "buffers": whole(self.buffers, self.writes),
            "optimiser": self._optimiser_state(),
            "schedule": self.schedule.state_dict(),
            "torch_rng": torch.get_rng_state(),
            "gpu_rng": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
            "rng": _plain(self.rng.bit_generator.state),
        }
        if self.writes:
            with replacing(file) as out:
                torch.save(state, out)

    def resume(self, file: Path) -> int:
        """Load the state in `file` if it exists; returns what was done."""
        if not file.is_file():
            return 0
        state = torch.load(file, weights_only=True, mmap=True)
        self.set_weights(state["weights"])
        for name, buffer in self.buffers.items():
            buffer.copy_(state["buffers"][name])
        self._load_optimiser(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["torch_rng"])
        if state["gpu_rng"] is not None:
            torch.cuda.set_rng_state(state["gpu_rng"], self.device)
        self.rng.bit_generator.state = _whole(state["rng"])
        return int(state["done"])

    def weights(self) -> dict[str, torch.Tensor]:
        """Return copies of the parameters, whole and on the CPU, in the process that writes; all have to call this."""
        return whole(self.trained, self.writes)

    @torch.no_grad()
    def set_weights(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Load what `weights` gave."""
        for name, parameter in self.trained.items():
            parameter.copy_(split_like(weights[name], parameter))

    def _optimiser_state(self) -> dict[str, Any]:
        state = self.optimiser.state_dict()
        moments = {number: whole(one, self.writes) for number, one in state["state"].items()}
        return {**state, "state": moments}

    def _load_optimiser(self, state: dict[str, Any]) -> None:
        """Load the state, its moments split as the parameters are, which its numbers count through."""
        parameters = [p for group in self.optimiser.param_groups for p in group["params"]]
        moments = {
            number: {name: _like(value, parameters[number]) for name, value in one.items()}
            for number, one in state["state"].items()
        }
        self.optimiser.load_state_dict({**state, "state": moments})


def _like(value: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
    """A moment of a parameter as the parameter is split; the number of steps is a scalar of its own."""
    return split_like(value, parameter) if value.shape == parameter.shape else value


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
