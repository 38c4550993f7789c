"""The states of the random generators, to repeat a forward pass with the same dropout."""

from __future__ import annotations

from typing import NamedTuple

import torch


class RandomState(NamedTuple):
    """The states of torch's generators of the CPU and of the current accelerator (None without one)."""

    cpu: torch.Tensor
    accelerator: torch.Tensor | None

    @classmethod
    def now(cls) -> RandomState:
        """Return the present states."""
        found = torch.accelerator.current_accelerator(check_available=True)
        return cls(torch.get_rng_state(), torch.get_device_module(found).get_rng_state() if found else None)

    def restore(self) -> None:
        """Go on from these states."""
        torch.set_rng_state(self.cpu)
        if self.accelerator is not None:
            torch.get_device_module().set_rng_state(self.accelerator)
