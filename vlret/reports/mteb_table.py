"""The table that the terminal shows of mteb's tasks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vlret.evaluation.standalone.mteb import MtebResult
from vlret.reports.text_table import aligned


def mteb_table(result: MtebResult) -> str:
    """One row for each task, one column for each model, main scores in per cent; below, notes for the reader."""
    tasks = {row.task: (row.type, row.metric) for model in result.models for row in model.results}
    scores = [{row.task: row.main_score for row in model.results} for model in result.models]
    rows = [[task, *tasks[task], *(_per_cent(s.get(task)) for s in scores)] for task in tasks]
    shared = [task for task in tasks if all(s.get(task) is not None for s in scores)]
    if len(shared) > 1:
        means = (float(np.mean([s[task] for task in shared])) for s in scores)
        rows.append([f"mean of {len(shared)}", "", "", *map(_per_cent, means)])
    head = ["task", "type", "metric", *(model.name for model in result.models)]
    return "\n".join([*(aligned([head, *rows]) if rows else []), *_notes(result)])


def _per_cent(score: float | None) -> str:
    return "" if score is None else f"{100 * score:.1f}"


def _notes(result: MtebResult) -> Iterator[str]:
    for model in result.models:
        yield f"{model.name}: {model.frames} frames per video, in {model.dtype}."
    yield f"Frame times: {result.frame_times} (mteb {result.mteb})."
    for model in result.models:
        for row in model.no_score:
            yield f"{row.task} has no score of {model.name}: {row.reason.rstrip('.')}."
