"""GradCache: the exact gradient of a large batch in the memory of a part of it (Gao et al. 2021, arXiv 2101.06983)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import torch

from vlret.training.parallel.gather import gathered
from vlret.training.parallel.random_state import RandomState

Part = TypeVar("Part")
Embedded = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""prediction [n, dim], target [n, dim] and the scale, a scalar."""
JoinedLoss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def accumulate(
    parts: Sequence[Part],
    embed: Callable[[Part], Embedded],
    loss: JoinedLoss,
    no_sync: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> torch.Tensor:
    """Add the gradient of the loss of the joined batch to that of every parameter; return the loss, without gradient.

    Two or more parts are embedded twice: without a gradient, for that of the loss by each embedding, and once more with
    it, in the same random states. The result is that of one part of all pairs, to float precision.

    Args:
        parts: what this process has of the batch, each with at least one pair; equally many pairs on each process.
        embed: the wrapped model's forward pass. The scale is one of its outputs so that DDP synchronises its gradient.
        loss: of prediction, target (float32, of all parts of all processes in order of rank) and scale.
        no_sync: what keeps DDP or FSDP from synchronising gradients; entered for all parts but the last.
    """
    if len(parts) == 1:
        outputs = embed(parts[0])
        value, (gradient,) = _cached_gradients(loss, [outputs])
        _backward(outputs, gradient)
        return value
    states, embedded = zip(*(_without_gradient(embed, part) for part in parts), strict=True)
    value, gradients = _cached_gradients(loss, embedded)
    for n, (part, state, gradient) in enumerate(zip(parts, states, gradients, strict=True)):
        with nullcontext() if n == len(parts) - 1 else no_sync():
            state.restore()
            _backward(embed(part), gradient)
    return value


@torch.no_grad()
def _without_gradient(embed: Callable[[Part], Embedded], part: Part) -> tuple[RandomState, Embedded]:
    """Return the random state before the pass and its result."""
    state = RandomState.now()
    return state, embed(part)


def _cached_gradients(loss: JoinedLoss, embedded: Sequence[Embedded]) -> tuple[torch.Tensor, list[Embedded]]:
    """Return the loss, and its gradients by the outputs of each part; that by the scale comes with the last part."""
    # before torch 2.10, the copies of weights that autocast made without a gradient would serve the second pass
    torch.clear_autocast_cache()
    predictions, targets, scales = zip(*embedded, strict=True)
    outputs = [torch.cat(predictions), torch.cat(targets), scales[-1]]
    leaves = [output.detach().float().requires_grad_() for output in outputs]
    with torch.autocast(leaves[0].device.type, enabled=False):
        value = loss(gathered(leaves[0]), gathered(leaves[1]), leaves[2])
    value.backward()
    # zeros where the loss does not read the scale: DDP waits for a gradient of every parameter
    prediction, target, scale = (
        torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for leaf in leaves
    )
    sizes = [len(rows) for rows in predictions]
    scale_of_each = [torch.zeros_like(scale)] * (len(sizes) - 1) + [scale]
    return value.detach(), list(zip(prediction.split(sizes), target.split(sizes), scale_of_each, strict=True))


def _backward(outputs: Embedded, gradients: Embedded) -> None:
    """Pass the cached gradients on to the parameters."""
    learned = [n for n, output in enumerate(outputs) if output.requires_grad]
    torch.autograd.backward([outputs[n].float() for n in learned], [gradients[n] for n in learned])
