"""Rows of all processes, with the gradients that all processes have for them."""

from __future__ import annotations

from typing import Any

import torch
from torch import distributed

from vlret.errors import UsageError


def gathered(rows: torch.Tensor) -> torch.Tensor:
    """Return the rows [n, ...] of all processes in order of rank, [processes x n, ...]; `rows` itself of one process.

    The backward pass gives each process the sum of the gradients that all processes have for its rows. Where each
    process computes the same loss from the joined rows, that is the gradient times the number of processes. DDP and
    FSDP take the mean over processes and so divide by it again: the parameters get exactly the gradient that one
    process computes from the joined batch.

    Raises:
        UsageError: processes have different numbers of rows; on all of them.
    """
    if not (distributed.is_available() and distributed.is_initialized()) or distributed.get_world_size() == 1:
        return rows
    _refuse_unequal(rows)
    return _Gather.apply(rows)  # type: ignore[no-any-return]


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor) -> torch.Tensor:
        joined = rows.new_empty(distributed.get_world_size() * len(rows), *rows.shape[1:])
        distributed.all_gather_into_tensor(joined, rows.contiguous())
        return joined

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        (gradient,) = gradients
        own = gradient.new_empty(len(gradient) // distributed.get_world_size(), *gradient.shape[1:])
        distributed.reduce_scatter_tensor(own, gradient.contiguous())
        return own


def _refuse_unequal(rows: torch.Tensor) -> None:
    counts = torch.empty(distributed.get_world_size(), dtype=torch.int64, device=rows.device)
    distributed.all_gather_into_tensor(counts, torch.tensor([len(rows)], device=rows.device))
    if (counts != len(rows)).any():
        raise UsageError(
            f"The processes have different numbers of rows: {', '.join(map(str, counts.tolist()))}.",
            "Give each process equally many pairs of a batch.",
            code="unequal_rows",
            given=counts.tolist(),
        )
