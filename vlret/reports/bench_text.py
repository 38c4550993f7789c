"""The tables that the terminal shows of benchmark results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vlret.evaluation.results.compare import Comparison
from vlret.evaluation.results.result import BenchResult
from vlret.evaluation.results.section import ResultSection
from vlret.reports.bench_names import SHORT, marked, marked_reported, section_name, shown_figures
from vlret.reports.bench_notes import notes, reported_notes
from vlret.reports.text_table import aligned


def result_table(result: BenchResult) -> str:
    """One row for each model and section: queries, pool, figures; the first figure with its interval and chance.

    A row of figures that used other test queries ends with a mark, and so does a model whose training data
    overlap with the dataset; both are explained below, as are missing and undecodable items and published rows with
    their marks.
    """
    shown = shown_figures(result)
    names = (SHORT.get(name, name) for name in shown)
    head = ["model", "part", "queries", "pool", *names, "95% of first", "chance"]
    rows = [
        [
            marked(model),
            section_name(section),
            str(section.queries),
            str(section.pool),
            *_cells(section, shown),
        ]
        for model in result.models
        for section in model.sections
    ]
    reported = [
        f"reported: {marked_reported(row)} {row.value:g} {row.metric} ({row.source})"
        for row in result.dataset.published
    ]
    return "\n".join([*aligned([head, *rows]), *notes(result), *reported, *reported_notes(result)])


def comparison_table(comparisons: Sequence[Comparison]) -> str:
    """One row for each pair of models and figure: both values, their difference with its interval, and p."""
    head = ["models", "part", "figure", "first", "second", "difference", "95%", "p"]
    rows = [
        [
            f"{c.first} - {c.second}", c.part if c.rerank == "none" else f"{c.part}, {c.rerank}",
            SHORT.get(c.figure, c.figure), f"{c.values[0]:.1f}", f"{c.values[1]:.1f}",
            f"{c.paired.difference:+.1f}", f"{c.paired.low:+.1f} to {c.paired.high:+.1f}",
            f"{c.paired.p_value:.4f}",
        ]
        for c in comparisons
    ]  # fmt: skip
    return "\n".join(aligned([head, *rows]))


def datasets_table(rows: Iterable[Mapping[str, Any]]) -> str:
    """One row for each dataset; below, its choices, which files are missing and where to get them."""
    counted = ("items", "texts", "classes", "questions")
    head = ["name", "task", "split", *counted, "annotations", "licence"]
    lines, chosen, missing = [], [], []
    for row in rows:
        counts = ["" if row[key] is None else str(row[key]) for key in counted]
        lines.append([row["name"], row["task"], row["split"], *counts, row["state"], row["licence"]])
        if row["choices"]:
            allowed = [f"{name}={'|'.join(values)}" for name, values in row["choices"].items()]
            chosen.append(f"choices of {row['name']}, the default first: {' '.join(allowed)}")
        if row["missing"]:
            here = f"; here: {', '.join(row['trimmed'])}" if row["trimmed"] else ""
            missing.append(f"{row['name']} lacks {', '.join(row['missing'])}{here}: {row['source']}")
    return "\n".join([*aligned([head, *lines]), *chosen, *missing])


def _cells(section: ResultSection, shown: Sequence[str]) -> list[str]:
    figures = section.figures
    values = [f"{figures[name].value:.1f}" if name in figures else "" for name in shown]
    first = figures[shown[0]]
    return [*values, f"{first.low:.1f} to {first.high:.1f}", f"{first.chance:.1f}"]
