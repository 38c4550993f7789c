"""mteb's own tasks over vlret's models: which of them run, what they scored, and where mteb's result files lie.

The document of `run_tasks`:
    task, list ("" for tasks by name), mteb (its version), frame_times (what stands in place of mteb's sampling),
    models: name (as asked for), mteb_name, revision, weights_hash, frames, dtype,
        results: task, type, metric, main_score (0..1, or None), file (None without `out`), result (mteb's
            `TaskResult` as plain values),
        no_score: task, reason (the model cannot take it, or it failed).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from vlret.errors import UsageError, VlretError
from vlret.models.base import Embedder, ModelCard
from vlret.models.mteb import MTEBEncoder, import_mteb

Document = dict[str, Any]
Row = dict[str, Any]

FRAME_TIMES = (
    "the middles of equal spans of time, in place of mteb's own, which go by the number of the frame"
)
_READ = {"text", "video"}
_LONGEST_REASON = 300


def find_tasks(names: Sequence[str], benchmark: str | None = None) -> list[Any]:
    """mteb's tasks of these names, or those of one of its benchmarks.

    Raises:
        MissingExtraError: mteb is not installed.
        UsageError: not one of both is given, or mteb has none of that name.
    """
    mteb = import_mteb()
    if bool(names) == bool(benchmark):
        raise UsageError(
            f"{'Tasks and a list' if names else 'Neither tasks nor a list'} of mteb were named.",
            "Give --task NAME (several), or --list NAME such as 'MVEB(text, video)'.",
        )
    if not benchmark:
        return [_task(mteb, name) for name in dict.fromkeys(names)]
    try:
        return list(mteb.get_benchmark(benchmark).tasks)
    except KeyError as error:
        known = [name for b in mteb.get_benchmarks() for name in (b.name, *(b.aliases or ()))]
        raise _unknown("list", benchmark, known) from error


def run_tasks(
    models: Mapping[str, Embedder],
    tasks: Sequence[Any],
    *,
    benchmark: str | None = None,
    out: Path | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> Document:
    """Each task over each model; see the top of this file for the document.

    Args:
        models: embedders by the name that the document gives them.
        tasks: of `find_tasks`.
        benchmark: the list that they are from.
        out: a folder for mteb's result files, laid out as `mteb.ResultCache` reads it: a result that is there of
            the same weights, number format and frames is not computed again, and a stopped one goes on.
        say: told which task is being run over which model.

    A task that a model cannot take, or that fails, is left out with the reason; the others go on.

    Raises:
        MissingExtraError: mteb is not installed.
        VlretError: a result file is damaged.
    """
    cache = import_mteb().ResultCache(out) if out else None
    encoders = {name: MTEBEncoder(model) for name, model in models.items()}
    entries = {name: _entry(name, encoder) for name, encoder in encoders.items()}
    for task in tasks:
        for name, encoder in encoders.items():
            say(f"{task.metadata.name} over {name}")
            row = _row(encoder, task, cache)
            entries[name]["no_score" if "reason" in row else "results"].append(row)
    return {
        "task": "mteb", "list": benchmark or "", "mteb": version("mteb"), "frame_times": FRAME_TIMES,
        "models": list(entries.values()),
    }  # fmt: skip


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
    )


def _asks(task: Any) -> bool:
    """Whether queries or documents are a video with a text."""
    category = task.metadata.category or ""
    return any({"t", "v"} <= set(side) for side in category.split("2"))


def _entry(name: str, encoder: MTEBEncoder) -> Document:
    card, meta = encoder.embedder.card, encoder.mteb_model_meta
    return {
        "name": name, "mteb_name": meta.name, "revision": meta.revision, "weights_hash": card.weights_hash,
        "frames": card.frames, "dtype": meta.experiment_kwargs["dtype"], "results": [], "no_score": [],
    }  # fmt: skip


def _row(encoder: MTEBEncoder, task: Any, cache: Any) -> Row:
    name = task.metadata.name
    reason = left_out(encoder.embedder.card, task)
    if reason:
        return {"task": name, "reason": reason}
    if cache:
        _check_stored(encoder, name, cache)
    logging.getLogger("mteb").setLevel(logging.CRITICAL)  # what it would log of a failed task is in the row
    found = import_mteb().evaluate(
        encoder, task, cache=cache, raise_error=False, public_only=False, show_progress_bar=False,
        encode_kwargs={"batch_size": encoder.embedder.batch_size, "show_progress_bar": False},
    )  # fmt: skip
    if found.exceptions:
        return {"task": name, "reason": " ".join(found.exceptions[0].exception.split())[:_LONGEST_REASON]}
    (result,) = found.task_results
    score = float(result.get_score())
    return {
        "task": name, "type": task.metadata.type, "metric": task.metadata.main_score,
        "main_score": score if np.isfinite(score) else None,
        "file": str(_file(encoder, name, cache)) if cache else None,
        "result": json.loads(result.model_dump_json()),  # this way NaN becomes null
    }  # fmt: skip


def _check_stored(encoder: MTEBEncoder, task: str, cache: Any) -> None:
    try:
        cache.load_task_result(task, encoder.mteb_model_meta)
    except ValueError as error:
        file = _file(encoder, task, cache)
        raise VlretError(f"{file} is no whole result of mteb.", "Delete it and run again.") from error


def _file(encoder: MTEBEncoder, task: str, cache: Any) -> Path:
    return Path(cache.get_task_result_path(task, encoder.mteb_model_meta))
