"""The loop of every stage: steps, measurements on dev, checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import torch

from vlret.errors import VlretError
from vlret.files import replacing
from vlret.training.log import StepRecord, open_log
from vlret.training.processes import wait_for_all
from vlret.training.stage import Batch, Trainer


def run_stage(trainer: Trainer[Batch], recall: Callable[[], float], folder: Path, log_folder: Path) -> None:
    """Run a stage to its end, from its last checkpoint in `folder` on if there is one.

    All processes of a training call this; the first one writes. The trained parameters end as those of the best
    measurement, if the stage keeps it, or of the last step.

    Args:
        trainer: the stage.
        recall: returns text-to-image R@1 on dev in per cent, in all processes.
        folder: gets checkpoints and the best weights.
        log_folder: gets metrics.csv and TensorBoard's events.

    Raises:
        VlretError: the loss is no longer a number.
    """
    file = folder / f"{trainer.name}.pt"
    step = trainer.state.resume(file)
    best = BestWeights(trainer, folder / f"{trainer.name}-best.pt")
    with open_log(log_folder, trainer.name, step, trainer.steps, trainer.state.writes) as log:
        if step == 0 and trainer.keeps_best:
            best.offer(first := recall(), 0)
            log.add(StepRecord(trainer.name, 0, dev_r1=first))
        for batch in islice(trainer.batches(step), trainer.steps - step):
            loss, rate = trainer.backward(batch), trainer.state.rate
            _check_finite(loss, trainer, step + 1, file)
            norm = trainer.state.update()
            step += 1
            dev_r1 = recall() if _is_due(step, trainer.evaluate_every, trainer.steps) else None
            log.add(StepRecord(trainer.name, step, loss, rate, norm, dev_r1))
            if dev_r1 is not None:
                best.offer(dev_r1, step)
            if _is_due(step, trainer.save_every, trainer.steps):
                trainer.state.save(file, step)
    best.load()


class BestWeights:
    """The weights of the best measurement of a stage, in a file; nothing for a stage that keeps its last ones."""

    def __init__(self, trainer: Trainer[Batch], file: Path) -> None:
        self.state, self.file, self.used = trainer.state, file, trainer.keeps_best
        self.dev_r1 = -1.0
        if self.used and file.is_file():
            self.dev_r1 = float(torch.load(file, weights_only=True, mmap=True)["dev_r1"])

    def offer(self, dev_r1: float, step: int) -> None:
        """Keep the present weights if none before were better; all processes have to call this."""
        if not self.used or dev_r1 < self.dev_r1:
            return
        self.dev_r1 = dev_r1
        weights = self.state.weights()
        if self.state.writes:
            with replacing(self.file) as out:
                torch.save({"dev_r1": dev_r1, "step": step, "weights": weights}, out)

    def load(self) -> None:
        """Give the parameters the best weights."""
        if self.used:
            wait_for_all()
            self.state.set_weights(torch.load(self.file, weights_only=True, mmap=True)["weights"])


def _is_due(step: int, every: int, steps: int) -> bool:
    return step % every == 0 or step == steps


def _check_finite(loss: float, trainer: Trainer[Batch], step: int, file: Path) -> None:
    if not math.isfinite(loss):
        saved = (step - 1) // trainer.save_every * trainer.save_every
        kept = (
            f"the last checkpoint, {file}, is that of step {saved}" if saved else "there is no checkpoint yet"
        )
        raise VlretError(
            f"The loss of the stage {trainer.name} is {loss} in step {step}; {kept}.",
            "Lower `rate` or raise `warmup` in the recipe and train into another directory; if it happens at once, "
            'try dtype = "float32", and look for damaged weights in [initial].',
            code="loss_not_finite",
            stage=trainer.name,
            step=step,
            saved=saved,
        )
