"""Rates by step against values computed by hand."""

from __future__ import annotations

import pytest
import torch

from vlret.training.schedule import warmed_up


def rates(kind: str, warmup: int, steps: int) -> list[float]:
    optimiser = torch.optim.SGD(
        [{"params": [torch.zeros(1)], "lr": 2.0}, {"params": [torch.zeros(1)], "lr": 0.1}]
    )
    schedule, found = warmed_up(optimiser, kind, warmup, steps), []
    for _ in range(steps):
        found.append(schedule.get_last_lr())
        optimiser.step()
        schedule.step()
    assert all(second == pytest.approx(first / 20) for first, second in found)
    return [first for first, _ in found]


def test_a_constant_rate_rises_and_stays() -> None:
    assert rates("constant", 4, 6) == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0, 2.0])
    assert rates("constant", 0, 3) == [2.0, 2.0, 2.0]


def test_a_cosine_falls_from_its_highest_rate_towards_zero() -> None:
    assert rates("cosine", 2, 6) == pytest.approx([1.0, 2.0, 2.0, 1 + 0.5**0.5, 1.0, 1 - 0.5**0.5])
