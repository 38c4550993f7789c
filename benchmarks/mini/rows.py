"""Rows of the table of figures: of results of `vlret bench`, of other values, and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from vlret.evaluation.metrics.figures import Figure
from vlret.evaluation.metrics.statistics import bootstrap_interval
from vlret.evaluation.results.result import BenchResult, ModelResult

HEADER = "| test | queries | pool | figure | value | 95% interval | chance |\n|---|---|---|---|---|---|---|"
FIGURES = {
    "retrieval": {"R@1": "hit@1", "R@5": "hit@5", "R@10": "hit@10"},
    "classification": {"top-1": "top-1"},
    "vqa": {"accuracy": "accuracy", "share of yes": "yes_rate"},
    "text": {"accuracy": "accuracy"},
}
"""The figures of each task by the names that the table has for them."""
SECTIONS = {"retrieval": ("text to clip", "clip to text")}
"""What the table calls the sections of a task; of others it has the first."""


@dataclass(frozen=True)
class Row:
    """One test of a model: how many queries, out of a pool of how many, and figures by name."""

    name: str
    queries: int
    pool: int
    figures: Mapping[str, Figure]


def rows_of(name: str, result: BenchResult, model: ModelResult) -> list[Row]:
    """The rows of one model of the benchmark `name`."""
    titles = SECTIONS.get(result.task, ("",))
    return [
        Row(_title(name, result.task, title, section.pool), section.queries, section.pool,
            {title: section.figures[key] for title, key in FIGURES[result.task].items()})
        for title, section in zip(titles, model.sections, strict=False)
    ]  # fmt: skip


def _title(name: str, task: str, section: str, pool: int) -> str:
    more = {"retrieval": f", {section}", "classification": f", {pool} classes", "text": ", texts alone"}
    return name + more.get(task, "")


def row(name: str, values: Mapping[str, NDArray[Any]], groups: Any, pool: int) -> Row:
    """Mean of each figure's values per query in per cent, its interval drawn by `groups`; chance is 1 of the pool."""
    figures = {}
    for title, per_query in values.items():
        low, high = bootstrap_interval(per_query, groups)
        figures[title] = Figure(100 * float(per_query.mean()), 100 * low, 100 * high, 100 / pool)
    return Row(name, len(per_query), pool, figures)


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown: value, interval, chance."""
    return "\n".join([HEADER, *map(lines, rows)])


def lines(row: Row) -> str:
    """The lines of one row in `table`, one for each figure."""
    return "\n".join(
        f"| {row.name} | {row.queries} | {row.pool} | {title} | {f.value:.1f} | {f.low:.1f} to {f.high:.1f} | "
        f"{f.chance:.1f} |"
        for title, f in row.figures.items()
    )


def side_by_side(rows_by_model: Mapping[str, Sequence[Row]]) -> str:
    """The rows of several models as one Markdown table, value and interval; a cell is empty without a row."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for model, rows in rows_by_model.items():
        for row in rows:
            for title, f in row.figures.items():
                cell = f"{f.value:.1f} ({f.low:.1f} to {f.high:.1f})"
                found.setdefault((row.name, title), {})[model] = cell
    head = [f"| test | figure | {' | '.join(rows_by_model)} |", "|---|---|" + "---|" * len(rows_by_model)]
    return "\n".join([
        *head,
        *(f"| {test} | {title} | {' | '.join(cells.get(model, '') for model in rows_by_model)} |"
          for (test, title), cells in found.items()),
    ])  # fmt: skip


def stamps(models: Mapping[str, ModelResult], date: str, command: str) -> str:
    """What was scored, when and how, as Markdown: a line for each model."""
    found = ["| model | revision | dtype | date | command |", "|---|---|---|---|---|"]
    for name, model in models.items():
        about = model.stamp.model
        found.append(f"| {name} | {about['revision']} | {about['dtype']} | {date} | `{command}` |")
    return "\n".join(found)
