"""mteb's own tasks over vlret's models: which of them run, what they scored, and where mteb's result files are."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from vlret.errors import UsageError, VlretError
from vlret.evaluation.results.json_codec import encode
from vlret.models.base import Embedder, ModelCard
from vlret.models.mteb import MTEBEncoder, import_mteb

FRAME_TIMES = (
    "the middles of equal spans of time, in place of mteb's own, which go by the number of the frame"
)
_READ = {"text", "video"}
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class TaskScore:
    """What a model scored on a task.

    `main_score` is in 0..1, None where it is not a number; `file` is None without an output directory; `result`
    is mteb's `TaskResult` as plain values.
    """

    task: str
    type: str
    metric: str
    main_score: float | None
    file: str | None
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SkippedTask:
    """A task without a score: the model does not support it, or it failed."""

    task: str
    reason: str


@dataclass(frozen=True, slots=True)
class ModelScores:
    """The scores of one model, with the name and revision that mteb knows it by."""

    name: str
    mteb_name: str
    revision: str
    weights_hash: str
    frames: int
    dtype: str
    results: tuple[TaskScore, ...]
    no_score: tuple[SkippedTask, ...]


@dataclass(frozen=True, slots=True)
class MtebResult:
    """The scores of all models.

    Attributes:
        benchmark: of mteb, "" for tasks by name ("list" in JSON).
        mteb: its version.
        frame_times: how frames were chosen, in place of mteb's sampling.
        models: one for each.
    """

    benchmark: str
    mteb: str
    frame_times: str
    models: tuple[ModelScores, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "task": "mteb", "list": self.benchmark, "mteb": self.mteb, "frame_times": self.frame_times,
            "models": encode(self.models),
        }  # fmt: skip


def find_tasks(names: Sequence[str], benchmark: str | None = None) -> list[Any]:
    """mteb's tasks of these names, or those of one of its benchmarks.

    Raises:
        MissingExtraError: mteb is not installed.
        UsageError: not one of both is given, or mteb has none of that name.
    """
    mteb = import_mteb()
    if bool(names) == bool(benchmark):
        raise UsageError(
            f"{'Tasks and a benchmark' if names else 'Neither tasks nor a benchmark'} of mteb were given.",
            "Give names of tasks, or a benchmark such as 'MVEB(text, video)'.",
            code="not_tasks_or_benchmark",
        )
    if not benchmark:
        return [_task(mteb, name) for name in dict.fromkeys(names)]
    try:
        return list(mteb.get_benchmark(benchmark).tasks)
    except KeyError as error:
        known = [name for b in mteb.get_benchmarks() for name in (b.name, *(b.aliases or ()))]
        raise _unknown("benchmark", benchmark, known) from error


def run_tasks(
    models: Mapping[str, Embedder],
    tasks: Sequence[Any],
    *,
    benchmark: str | None = None,
    out: Path | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> MtebResult:
    """Run each task over each model.

    Args:
        models: embedders by the name that the result gives them.
        tasks: of `find_tasks`.
        benchmark: the benchmark of mteb that they are from.
        out: a folder for mteb's result files, laid out as `mteb.ResultCache` reads it: a result that is there of
            the same weights, number format and frames is not computed again, and a stopped run resumes.
        say: receives which task is run over which model.

    A task that a model does not support, or that fails, is skipped with the reason; the others run.

    Raises:
        MissingExtraError: mteb is not installed.
        VlretError: a result file is damaged.
    """
    cache = import_mteb().ResultCache(out) if out else None
    encoders = {name: MTEBEncoder(model) for name, model in models.items()}
    rows: dict[str, list[TaskScore | SkippedTask]] = {name: [] for name in models}
    for task in tasks:
        for name, encoder in encoders.items():
            say(f"{task.metadata.name} over {name}")
            rows[name].append(_row(encoder, task, cache))
    scores = tuple(_model_scores(name, encoder, rows[name]) for name, encoder in encoders.items())
    return MtebResult(benchmark or "", version("mteb"), FRAME_TIMES, scores)


def left_out(card: ModelCard, task: Any) -> str:
    """Why a model of this card cannot take `task`, "" where it can."""
    others = sorted({*task.metadata.modalities} - _READ)
    if others:
        return f"it has {' and '.join(others)}, and vlret's models take text and video"
    if _asks(task) and not card.takes_query:
        return f"it asks texts of videos, and {card.name} takes no query"
    return ""


def _task(mteb: Any, name: str) -> Any:
    try:
        return mteb.get_task(name)
    except KeyError as error:
        from mteb.get_tasks import TASK_LIST

        raise _unknown("task", name, [task.metadata.name for task in TASK_LIST]) from error


def _unknown(what: str, name: str, known: Sequence[str]) -> UsageError:
    near = ", ".join(get_close_matches(name, known, n=3, cutoff=0.0))
    return UsageError(
        f"mteb {version('mteb')} has no {what} {name!r}; the nearest names are {near}.",
        "Give one that it has.",
        code="unknown_mteb_task" if what == "task" else "unknown_mteb_benchmark",
        given=name,
    )


def _asks(task: Any) -> bool:
    """Whether queries or documents are a video with a text."""
    category = task.metadata.category or ""
    return any({"t", "v"} <= set(side) for side in category.split("2"))


def _model_scores(name: str, encoder: MTEBEncoder, rows: Sequence[TaskScore | SkippedTask]) -> ModelScores:
    card, meta = encoder.embedder.card, encoder.mteb_model_meta
    return ModelScores(
        name,
        meta.name,
        meta.revision,
        card.weights_hash,
        card.frames,
        meta.experiment_kwargs["dtype"],
        tuple(row for row in rows if isinstance(row, TaskScore)),
        tuple(row for row in rows if isinstance(row, SkippedTask)),
    )


def _row(encoder: MTEBEncoder, task: Any, cache: Any) -> TaskScore | SkippedTask:
    name = task.metadata.name
    reason = left_out(encoder.embedder.card, task)
    if reason:
        return SkippedTask(name, reason)
    if cache:
        _check_stored(encoder, name, cache)
    logging.getLogger("mteb").setLevel(logging.CRITICAL)  # what it would log of a failed task is in the row
    found = import_mteb().evaluate(
        encoder, task, cache=cache, raise_error=False, public_only=False, show_progress_bar=False,
        encode_kwargs={"batch_size": encoder.embedder.batch_size, "show_progress_bar": False},
    )  # fmt: skip
    if found.exceptions:
        return SkippedTask(name, " ".join(found.exceptions[0].exception.split())[:_LONGEST_REASON])
    (result,) = found.task_results
    score = float(result.get_score())
    return TaskScore(
        name,
        task.metadata.type,
        task.metadata.main_score,
        score if np.isfinite(score) else None,
        str(_file(encoder, name, cache)) if cache else None,
        json.loads(result.model_dump_json()),  # this way NaN becomes null
    )


def _check_stored(encoder: MTEBEncoder, task: str, cache: Any) -> None:
    try:
        cache.load_task_result(task, encoder.mteb_model_meta)
    except ValueError as error:
        file = _file(encoder, task, cache)
        raise VlretError(
            f"{file} is not a complete result of mteb.",
            "Delete it and run again.",
            code="mteb_result_damaged",
            path=file,
        ) from error


def _file(encoder: MTEBEncoder, task: str, cache: Any) -> Path:
    return Path(cache.get_task_result_path(task, encoder.mteb_model_meta))
