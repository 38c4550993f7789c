"""A batch of pairs, a small VL-JEPA that embeds them, and one step of it in parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from tests.models.vljepa.tiny import tiny_model
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.losses.registry import named_loss
from vlret.training.losses.same import same_pairs
from vlret.training.parallel.gather import gathered
from vlret.training.parallel.grad_cache import Embedded, accumulate

COUNT = 12
Batch = dict[str, torch.Tensor]
Step = tuple[torch.Tensor, dict[str, torch.Tensor]]
"""The loss, and the gradient of each parameter that learns."""


class Pairs(nn.Module):
    """The model's forward pass, as DDP wraps it."""

    def __init__(self, model: VLJEPAModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> Embedded:
        visual = self.model.encode(batch["frames"])
        query, query_mask = self.model.read_query(batch["queries"], batch["queries"] > 0)
        prediction = self.model.predictor(
            visual, visual.new_ones(visual.shape[:2], dtype=torch.bool), query, query_mask
        )
        target = self.model.y_encoder(batch["texts"], batch["texts"] > 0)
        return prediction, target, self.model.logit_scale.exp()


def tiny_pairs() -> Pairs:
    """The same weights every time, without dropout."""
    return Pairs(tiny_model())


def drawn_batch() -> Batch:
    """COUNT pairs, among them two with the same input and two with the same text, which are far from each other."""
    rng = torch.Generator().manual_seed(0)
    inputs, texts = torch.arange(COUNT), torch.arange(COUNT)
    inputs[10], texts[11] = inputs[0], texts[4]
    return {
        "frames": torch.randn(COUNT, 2, 3, 28, 28, generator=rng),
        "queries": torch.randint(1, 16, (COUNT, 3), generator=rng),
        "texts": torch.randint(1, 16, (COUNT, 5), generator=rng),
        "input_ids": inputs,
        "text_ids": texts,
    }


def cut(batch: Batch, sizes: Sequence[int]) -> list[Batch]:
    """The batch in parts of these sizes."""
    parts = {name: rows.split(list(sizes)) for name, rows in batch.items()}
    return [{name: parts[name][n] for name in batch} for n in range(len(sizes))]


def step(
    name: str,
    batch: Batch,
    sizes: Sequence[int],
    module: nn.Module,
    no_sync: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Step:
    """One step of this process on its pairs, in parts of these sizes, under the loss of this name."""
    loss = named_loss(name)
    same = same_pairs(gathered(batch["input_ids"]), gathered(batch["text_ids"]))
    value = accumulate(cut(batch, sizes), module, lambda p, t, scale: loss(p, t, scale, same), no_sync)
    named = [*module.named_parameters(), *loss.named_parameters(prefix="loss")]
    return value, {n.removeprefix("module."): p.grad for n, p in named if p.grad is not None}


def furthest(found: Step, expected: Step) -> float:
    """The largest difference of the gradients, each relative to its largest component.

    Some gradients are 0 in theory: none counts as smaller than a hundredth of the largest.
    """
    assert found[1].keys() == expected[1].keys()
    largest = {name: gradient.abs().max().item() for name, gradient in expected[1].items()}
    least = max(largest.values()) / 100
    return max(
        (found[1][name] - gradient).abs().max().item() / max(largest[name], least)
        for name, gradient in expected[1].items()
    )


def assert_same(found: Step, expected: Step, tolerance: float = 1e-4) -> None:
    """The same loss and gradients to float precision."""
    assert torch.isclose(found[0], expected[0], rtol=tolerance / 10)
    assert furthest(found, expected) < tolerance
