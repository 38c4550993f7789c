"""Parts of a batch give the loss and the gradients of the whole batch, with dropout and in bfloat16, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest
import torch
from torch import nn

from tests.training.parallel.pairs import COUNT, assert_same, cut, drawn_batch, step, tiny_pairs
from vlret.training.losses.registry import LOSSES, named_loss
from vlret.training.parallel.grad_cache import Embedded, accumulate
from vlret.training.parallel.random_state import RandomState

PARTS = [[1, 11], [5, 3, 4], [2] * 6]
NONE = torch.zeros(COUNT, COUNT, dtype=torch.bool)


@pytest.mark.parametrize("sizes", PARTS, ids=str)
@pytest.mark.parametrize("name", LOSSES)
def test_parts_are_the_whole_batch(name: str, sizes: list[int]) -> None:
    batch = drawn_batch()
    assert_same(step(name, batch, sizes, tiny_pairs()), step(name, batch, [COUNT], tiny_pairs()))


def test_the_whole_batch_is_a_plain_step() -> None:
    """`accumulate` of one part against a loss that is computed and differentiated in one go."""
    batch, module, plain = drawn_batch(), tiny_pairs(), tiny_pairs()
    same = (batch["input_ids"][:, None] == batch["input_ids"]) | (
        batch["text_ids"][:, None] == batch["text_ids"]
    )
    value = named_loss("info_nce")(*plain(batch), same)
    value.backward()
    gradients = {n: p.grad for n, p in plain.named_parameters() if p.grad is not None}
    assert "model.logit_scale" in gradients
    assert_same(step("info_nce", batch, [COUNT], module), (value.detach(), gradients))


class Noisy(nn.Module):
    """Dropout before two linear layers, with weights that are easily read."""

    def __init__(self) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(0)
        self.x, self.y = (nn.Parameter(torch.randn(8, 6, generator=rng)) for _ in range(2))
        self.log_scale = nn.Parameter(torch.tensor(2.0))
        self.masks: list[torch.Tensor] = []

    def forward(self, rows: torch.Tensor) -> Embedded:
        kept = nn.functional.dropout(torch.ones_like(rows), 0.5)
        self.masks.append(kept)
        return rows * kept @ self.x, rows * kept @ self.y, self.log_scale.exp()


def loss(prediction: torch.Tensor, target: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    return named_loss("info_nce")(prediction, target, scale, NONE)


def test_dropout_is_the_same_in_both_passes_and_goes_on_after_them() -> None:
    rows = torch.randn(COUNT, 8, generator=torch.Generator().manual_seed(1))
    module, plain = Noisy(), Noisy()
    torch.manual_seed(5)
    value = accumulate(rows.split([5, 3, 4]), module, loss)
    following = torch.rand(1)
    first, second = module.masks[:3], module.masks[3:]
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not torch.equal(first[1], first[2][:3])
    torch.manual_seed(5)
    outputs = [plain(part) for part in rows.split([5, 3, 4])]
    assert torch.equal(following, torch.rand(1))
    expected = loss(
        torch.cat([p for p, _, _ in outputs]), torch.cat([t for _, t, _ in outputs]), outputs[0][2]
    )
    expected.backward()
    gradients = [{n: p.grad for n, p in m.named_parameters() if p.grad is not None} for m in (module, plain)]
    assert_same((value, gradients[0]), (expected.detach(), gradients[1]))


def test_dropout_of_a_real_model_is_the_same_in_both_passes() -> None:
    """Without the random states the gradients would belong to other embeddings than the loss."""
    module = tiny_pairs().train()
    seen: list[torch.Tensor] = []
    module.register_forward_hook(lambda _, __, outputs: seen.append(outputs[1].detach()))
    torch.manual_seed(0)
    step("info_nce", drawn_batch(), [5, 3, 4], module)
    assert all(torch.equal(a, b) for a, b in zip(seen[:3], seen[3:], strict=True))
    again = module(cut(drawn_batch(), [5, 3, 4])[2])[1]
    assert not torch.equal(again, seen[5])


@pytest.mark.parametrize("around", ["step", "pass"])
def test_parts_in_bfloat16_learn_as_the_whole_batch_does(around: str) -> None:
    """Autocast keeps copies of weights: those made without a gradient would leave the weights without one."""
    module, whole = tiny_pairs(), tiny_pairs()
    autocast = torch.autocast("cpu", torch.bfloat16)
    if around == "pass":
        for pairs in (module, whole):
            pairs.forward = autocast(pairs.forward)  # type: ignore[method-assign]
    with autocast if around == "step" else nullcontext():
        found = step("info_nce", drawn_batch(), [5, 3, 4], module)
        expected = step("info_nce", drawn_batch(), [COUNT], whole)
    assert_same(found, expected, tolerance=0.05)
    assert all(gradient.dtype == torch.float32 for gradient in found[1].values())


def test_all_parts_but_the_last_are_kept_from_synchronising() -> None:
    synchronises, seen = [True], []

    @contextmanager
    def no_sync() -> Iterator[None]:
        synchronises[0] = False
        yield
        synchronises[0] = True

    module = Noisy()
    module.x.register_hook(lambda _: seen.append(synchronises[0]))
    accumulate(torch.randn(COUNT, 8).split([5, 3, 4]), module, loss, no_sync)
    assert seen == [False, False, True]


def test_a_frozen_text_encoder_gets_no_gradient() -> None:
    module = tiny_pairs()
    module.model.y_encoder.requires_grad_(False)
    _, gradients = step("info_nce", drawn_batch(), [5, 7], module)
    expected = {n for n, p in module.named_parameters() if p.requires_grad}
    assert gradients.keys() == expected
    assert not any("y_encoder" in name for name in gradients)


def test_every_parameter_gets_a_gradient_from_a_loss_without_a_scale() -> None:
    """DDP waits for the gradient of each."""
    _, gradients = step("l2", drawn_batch(), [COUNT], tiny_pairs())
    assert gradients["model.logit_scale"] == 0


def test_random_states_of_the_cpu_are_restored() -> None:
    state = RandomState.now()
    first = torch.rand(3)
    state.restore()
    assert torch.equal(first, torch.rand(3))
    assert (state.accelerator is None) == (not torch.accelerator.is_available())


@pytest.mark.skipif(not torch.accelerator.is_available(), reason="needs an accelerator")
def test_random_states_of_the_accelerator_are_restored() -> None:
    device = torch.accelerator.current_accelerator()
    state = RandomState.now()
    first = torch.rand(3, device=device)
    state.restore()
    assert torch.equal(first, torch.rand(3, device=device))
