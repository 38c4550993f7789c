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
        return torch.cat(_from_all(rows))

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        (joined,) = gradients
        of_each = [part.contiguous() for part in joined.chunk(distributed.get_world_size())]
        own = torch.empty_like(of_each[0])
        distributed.reduce_scatter(own, of_each)
        return own


def _from_all(rows: torch.Tensor) -> list[torch.Tensor]:
    parts = [
        torch.empty_like(rows, memory_format=torch.contiguous_format)
        for _ in range(distributed.get_world_size())
    ]
    distributed.all_gather(parts, rows.contiguous())
    return parts


def _refuse_unequal(rows: torch.Tensor) -> None:
    counts = torch.cat(_from_all(torch.tensor([len(rows)], device=rows.device))).tolist()
    if len(set(counts)) > 1:
        raise UsageError(
            f"The processes have different numbers of rows: {', '.join(map(str, counts))}.",
            "Give each process equally many pairs of a batch.",
            code="unequal_rows",
            given=counts,
        )
