"""Tensors that FSDP splits over processes: whole for a file, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import nn
from torch.distributed.tensor import DTensor, distribute_tensor


def whole(tensors: Mapping[str, torch.Tensor], keep: bool) -> dict[str, torch.Tensor]:
    """Return copies of tensors on the CPU, with the parts of all processes; all of them have to call this.

    Only a process that says `keep` gets them: the memory of a machine holds them once, not once for each GPU.
    """
    found = {}
    for name, value in tensors.items():
        full = value.full_tensor() if isinstance(value, DTensor) else value
        if keep:
            found[name] = full.detach().cpu().clone()
    return found


def split_like(value: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return a whole tensor, split over processes as `other` is and on its device."""
    if not isinstance(other, DTensor):
        return value.to(other.device)
    # each process reads the whole tensor from the file: nothing has to be sent
    return distribute_tensor(value.to(other.device), other.device_mesh, other.placements, src_data_rank=None)


def clip_gradients(parameters: Iterable[nn.Parameter], most: float) -> float:
    """Scale all gradients so that their common norm is at most `most`; returns the norm before."""
    learned = [parameter for parameter in parameters if parameter.grad is not None]
    norm = _norm([parameter.grad for parameter in learned if parameter.grad is not None])
    for group in _alike(learned):
        nn.utils.clip_grads_with_norm_(group, most, norm)
    return norm.item()


def _norm(gradients: Sequence[torch.Tensor]) -> torch.Tensor:
    norms = [nn.utils.get_total_norm(group) for group in _alike(gradients)]
    parts = [norm.full_tensor() if isinstance(norm, DTensor) else norm for norm in norms]
    return parts[0] if len(parts) == 1 else torch.stack(parts).norm()


def _alike(tensors: Sequence[torch.Tensor]) -> list[list[torch.Tensor]]:
    """Those that are split, and those that are not: no operation takes both."""
    groups = [[one for one in tensors if isinstance(one, DTensor) is split] for split in (True, False)]
    return [group for group in groups if group]
