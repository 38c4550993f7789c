"""The log of a run: metrics.csv, TensorBoard events, and a progress bar with the time that is left."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

from tqdm import tqdm

from vlret.files import replace_file
from vlret.training.processes import missing_train

METRICS, EVENTS = "metrics.csv", "tensorboard"


@dataclass(frozen=True)
class StepRecord:
    """One line of metrics.csv.

    Attributes:
        stage: name of the stage.
        step: steps of the optimiser that are done, 0 before the first.
        loss: of the step's whole batch.
        rate: that the predictor, or the first of what learns, had in it.
        gradient_norm: before it was clipped.
        dev_r1: text-to-image R@1 on dev in per cent, where it was measured.
    """

    stage: str
    step: int
    loss: float | None = None
    rate: float | None = None
    gradient_norm: float | None = None
    dev_r1: float | None = None

    @property
    def numbers(self) -> dict[str, float]:
        """What was measured, by name."""
        measured = {field.name: getattr(self, field.name) for field in fields(self)[2:]}
        return {name: value for name, value in measured.items() if value is not None}


class RunLog:
    """Writes the records of one stage; made by `open_log`."""

    def __init__(self, folder: Path, stage: str, done: int, bar: tqdm[NoReturn]) -> None:
        self._file = folder / METRICS
        self._bar = bar
        self._shown: dict[str, str] = {}
        self._events = _event_writer(folder / EVENTS / stage, done)

    def add(self, record: StepRecord) -> None:
        """Append a record; the bar moves by one step if there was one."""
        with self._file.open("a", newline="") as lines:
            csv.writer(lines, lineterminator="\n").writerow(_cells(record))
        for name, value in record.numbers.items():
            self._events.add_scalar(name, value, record.step)
        self._shown |= {
            name: f"{value:.4g}" for name, value in record.numbers.items() if name in ("loss", "dev_r1")
        }
        self._bar.set_postfix(self._shown, refresh=False)
        self._bar.update(record.loss is not None)

    def close(self) -> None:
        """Write what TensorBoard's writer holds back."""
        self._events.close()


class NoLog:
    """The log of a process that writes nothing."""

    def add(self, record: StepRecord) -> None:
        """Do nothing."""


@contextmanager
def open_log(folder: Path, stage: str, done: int, steps: int, writes: bool) -> Iterator[RunLog | NoLog]:
    """Open the log of a stage of which `done` steps are done; lines of later ones, lost in a kill, are cut off.

    Raises:
        MissingExtraError: TensorBoard is not installed.
    """
    if not writes:
        yield NoLog()
        return
    _forget(folder / METRICS, stage, done)
    with tqdm(total=steps, initial=done, desc=stage, unit="step", mininterval=1, disable=None) as bar:
        log = RunLog(folder, stage, done, bar)
        try:
            yield log
        finally:
            log.close()


def read_metrics(folder: Path) -> list[StepRecord]:
    """Return the records of a run in order, none if there are no metrics yet."""
    file = folder / METRICS
    rows = list(csv.DictReader(io.StringIO(file.read_text()))) if file.is_file() else []
    return [_record(row) for row in rows]


def _forget(file: Path, stage: str, done: int) -> None:
    """Write the file anew without the stage's records after step `done`; if that is 0, without any of it."""
    kept = [one for one in read_metrics(file.parent) if one.stage != stage or (done and one.step <= done)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(StepRecord))
    writer.writerows(map(_cells, kept))
    replace_file(file, text.getvalue().encode())


def _cells(record: StepRecord) -> list[str]:
    return ["" if value is None else _written(value) for value in astuple(record)]


def _written(value: str | int | float) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _record(row: dict[str, str]) -> StepRecord:
    numbers = {name: float(row[name]) if row[name] else None for name in list(row)[2:]}
    return StepRecord(row["stage"], int(row["step"]), **numbers)


def _event_writer(folder: Path, done: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise missing_train("tensorboard") from error
    # steps after the last checkpoint are done again: TensorBoard forgets their first values
    return SummaryWriter(str(folder), purge_step=done + 1 if done else None)
