"""The loop on one parameter, whose values and measurements are known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from tests.refusal import refused
from vlret.training.checkpoint import TrainingState
from vlret.training.log import read_metrics
from vlret.training.loop import run_stage
from vlret.training.stage import Trainer


class Counting(Trainer[int]):
    """Adds 1 to a parameter in each step; the loss of step n, counted from 0, is n."""

    def __init__(
        self, steps: int = 6, keeps_best: bool = True, bad: float = -1, loss: float = math.nan
    ) -> None:
        self.name, self.steps, self.evaluate_every, self.save_every = "s", steps, 2, 2
        self.keeps_best, self.bad, self.bad_loss = keeps_best, bad, loss
        self.value = nn.Parameter(torch.zeros(()))
        optimiser = torch.optim.SGD([self.value], lr=2.0)
        schedule = torch.optim.lr_scheduler.ConstantLR(optimiser, 1.0)
        self.state = TrainingState({"value": self.value}, optimiser, schedule)

    def batches(self, first_step: int) -> Iterator[int]:
        yield from range(first_step, 100)

    def backward(self, batch: int) -> float:
        self.value.grad = torch.tensor(-0.5)
        return self.bad_loss if batch == self.bad else float(batch)


def trained(folder: Path, trainer: Counting, measured: dict[int, float], stop: int = -1) -> float:
    def recall() -> float:
        if trainer.value.item() == stop:
            raise KeyboardInterrupt
        return measured[int(trainer.value.item())]

    run_stage(trainer, recall, folder, folder)
    return trainer.value.item()


def test_the_best_measurement_becomes_the_result(tmp_path: Path) -> None:
    assert trained(tmp_path, Counting(), {0: 1.0, 2: 5.0, 4: 9.0, 6: 8.0}) == 4.0
    assert (
        trained(tmp_path / "c", Counting(), {0: 9.0, 2: 5.0, 4: 9.0, 6: 8.0}) == 4.0
    )  # the latest of equals
    assert trained(tmp_path / "b", Counting(), {0: 7.0, 2: 5.0, 4: 6.0, 6: 3.0}) == 0.0


def test_a_stage_that_keeps_its_last_weights_is_not_measured_before(tmp_path: Path) -> None:
    assert trained(tmp_path, Counting(keeps_best=False), {2: 5.0, 4: 9.0, 6: 1.0}) == 6.0
    assert not (tmp_path / "s-best.pt").exists()


def test_the_last_step_is_measured_and_saved(tmp_path: Path) -> None:
    trained(tmp_path, Counting(steps=5), {0: 0.0, 2: 0.0, 4: 0.0, 5: 1.0})
    assert [one.step for one in read_metrics(tmp_path) if one.dev_r1 is not None] == [0, 2, 4, 5]
    assert Counting(steps=5).state.resume(tmp_path / "s.pt") == 5


def test_a_stopped_run_forgets_what_comes_after_its_checkpoint(tmp_path: Path) -> None:
    measured = {0: 1.0, 2: 5.0, 4: 9.0, 6: 3.0}
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, Counting(), measured, stop=4)
    assert [one.step for one in read_metrics(tmp_path)] == [0, 1, 2, 3]
    assert trained(tmp_path, Counting(), measured) == 4.0
    rows = read_metrics(tmp_path)
    assert [(one.step, one.loss, one.dev_r1) for one in rows] == [
        (0, None, 1.0), (1, 0.0, None), (2, 1.0, 5.0), (3, 2.0, None), (4, 3.0, 9.0), (5, 4.0, None), (6, 5.0, 3.0),
    ]  # fmt: skip
    assert all(one.gradient_norm == 0.5 and one.rate == 2.0 for one in rows[1:])
    events = EventAccumulator(str(tmp_path / "tensorboard" / "s")).Reload()
    assert [(one.step, one.value) for one in events.Scalars("loss")] == [(n + 1, n) for n in range(6)]


def test_a_finished_stage_is_not_run_again(tmp_path: Path) -> None:
    measured = {0: 1.0, 2: 5.0, 4: 9.0, 6: 3.0}
    trained(tmp_path, Counting(), measured)
    before = (tmp_path / "metrics.csv").read_bytes()
    assert trained(tmp_path, Counting(), {}) == 4.0
    assert (tmp_path / "metrics.csv").read_bytes() == before


@pytest.mark.parametrize(("loss", "bad", "saved"), [(math.nan, 3, 2), (math.inf, 0, 0)])
def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path, loss: float, bad: int, saved: int) -> None:
    with refused("loss_not_finite") as refusal:
        trained(tmp_path, Counting(bad=bad, loss=loss), {0: 1.0, 2: 5.0})
    assert (refusal.value.fields["step"], refusal.value.fields["saved"]) == (bad + 1, saved)
    refusal.match("Lower `rate`")
    assert Counting().state.resume(tmp_path / "s.pt") == saved
