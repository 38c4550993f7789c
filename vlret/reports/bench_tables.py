"""A benchmark result as Markdown, LaTeX and CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from vlret.evaluation.metrics.figures import Figure
from vlret.evaluation.results.contents import ReportedFigure
from vlret.evaluation.results.export import lacking
from vlret.evaluation.results.result import BenchResult
from vlret.reports.bench_detail import confusion
from vlret.reports.bench_names import SHORT, marked, marked_reported, section_name, shown_figures
from vlret.reports.bench_notes import notes, reported_notes
from vlret.reports.csv_text import csv_text
from vlret.reports.paper import paper_differences, protocol_line

_OF_METRIC = {"R@1": "hit@1", "class-mean recall@5": "class_mean_recall@5"}
_CSV = (
    "model", "kind", "source", "dataset", "split", "part", "rerank", "queries", "pool", "figure", "value", "low",
    "high", "chance", "contaminated_by", "set_hash", "missing", "trimmed", "note",
)  # fmt: skip
_TEX = str.maketrans({
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A section of a measured model, or a published figure; `source` is "" for what was measured.

    `figures` are texts: value and interval. A published figure has no interval, and its pool is not stated.
    """

    model: str
    section: str
    queries: str
    pool: str
    figures: Mapping[str, tuple[str, str]]
    source: str = ""


def bench_rows(result: BenchResult) -> list[Row]:
    """Every section of every model, then the published figures of the dataset's card."""
    measured = [
        Row(marked(model), section_name(one), str(one.queries), str(one.pool), figure_texts(one.figures))
        for model in result.models
        for one in model.sections
    ]
    first = result.models[0].main.name
    return measured + [
        Row(marked_reported(one), first, "", "", {_figure_of(one): (f"{one.value:.1f}", "")}, one.source)
        for one in result.dataset.published
    ]


def column_names(result: BenchResult) -> list[str]:
    """The head of the table; figures in per cent but ranks."""
    figures = (SHORT.get(name, name).replace("_", " ") for name in shown_figures(result))
    return ["model", "part", "queries", "pool", *figures]


def figure_texts(figures: Mapping[str, Figure]) -> dict[str, tuple[str, str]]:
    """Value and interval of each figure with one decimal."""
    return {name: (f"{one.value:.1f}", f"[{one.low:.1f}, {one.high:.1f}]") for name, one in figures.items()}


def footer(result: BenchResult) -> list[str]:
    """The lines below the table: marks, chance, what was published, protocol, differences from the paper's."""
    first, plain = shown_figures(result)[0], [one for one in result.models[0].sections if one.is_plain]
    chance = [f"{one.name} {one.figures[first].chance:.1f}" for one in plain if first in one.figures]
    lines = [*notes(result), f"Chance in {SHORT.get(first, first)}: {', '.join(chance)}."]
    if result.dataset.published:
        lines.append(
            'Rows marked "reported" were published, not measured here; their pool is not stated, unless a note says so.'
        )
        lines += reported_notes(result)
    return [line for line in (*lines, protocol_line(result), paper_differences(result)) if line]


def to_markdown(result: BenchResult) -> str:
    """A table of GitHub's Markdown, value and interval in each cell, published rows in italics; notes below."""
    head = column_names(result)
    lines = [_md_line(head), _md_line(["---", "---", *["---:"] * (len(head) - 2)])]
    for row in bench_rows(result):
        cells = [" ".join(row.figures.get(name, ())).strip() for name in shown_figures(result)]
        model = f"{row.model} (reported, {row.source})" if row.source else row.model
        words = [*map(_md, (model, row.section, row.queries, row.pool)), *cells]
        lines.append(_md_line([f"*{word}*" if word and row.source else word for word in words]))
    title = f"## {_md(result.dataset.title)}: {result.task}"
    return "\n\n".join([title, "\n".join(lines), *map(_md, footer(result))]) + "\n"


def to_latex(result: BenchResult) -> str:
    """A `tabular` with booktabs rules, published rows grey (xcolor); notes as a block below."""
    head, published = column_names(result), False
    lines = [
        r"% \usepackage{booktabs,xcolor}",
        rf"\begin{{tabular}}{{ll{'r' * (len(head) - 2)}}}",
        r"\toprule",
        _tex_line(map(_tex, head)),
        r"\midrule",
    ]
    for row in bench_rows(result):
        if row.source and not published:
            lines, published = [*lines, r"\midrule"], True
        lines.append(_tex_line(_tex_cells(row, shown_figures(result))))
    notes_below = [rf"\noindent {{\footnotesize {_tex(line)}\par}}" for line in footer(result)]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", "", *notes_below]) + "\n"


def to_csv(result: BenchResult) -> str:
    """One row for each model, section and figure, with interval and chance; published figures too."""
    return csv_text([_CSV, *([row.get(key, "") for key in _CSV] for row in _csv_rows(result))])


def to_confusion_csv(result: BenchResult) -> str:
    """A row for each model and pair of true class and first answer that occurs; "" for other tasks."""
    if result.task != "classification":
        return ""
    classes = result.contents.classes
    rows: list[tuple[Any, ...]] = [("model", "truth", "answer", "queries")]
    for model in result.models:
        pairs = sorted(confusion(result, model).items())
        rows += [(model.name, classes[truth], classes[answer], n) for (truth, answer), n in pairs]
    return csv_text(rows)


def _figure_of(published: ReportedFigure) -> str:
    return _OF_METRIC.get(published.metric, published.metric)


def _md_line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _md(text: str) -> str:
    for mark in "\\|*_<`[":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def _tex(text: str) -> str:
    return " ".join(text.split()).translate(_TEX)


def _tex_line(cells: Any) -> str:
    return f"{' & '.join(cells)} \\\\"


def _tex_cells(row: Row, shown: Sequence[str]) -> Iterator[str]:
    name = f"{row.model} (reported, {row.source})" if row.source else row.model
    cells = [_tex(word) for word in (name, row.section, row.queries, row.pool)]
    for figure in shown:
        value, interval = row.figures.get(figure, ("", ""))
        cells.append(rf"{value} {{\scriptsize {interval}}}" if interval else value)
    yield from (rf"\textcolor{{gray}}{{{cell}}}" if cell and row.source else cell for cell in cells)


def _csv_rows(result: BenchResult) -> Iterator[dict[str, Any]]:
    shared = {"dataset": result.dataset.name, "split": result.dataset.split}
    for model in result.models:
        own = {
            **shared, "kind": "measured", **lacking(result), "model": model.name,
            "contaminated_by": "; ".join(model.contaminated_by), "set_hash": model.stamp.set["hash"],
        }  # fmt: skip
        for section in model.sections:
            where = {name: getattr(section, name) for name in ("rerank", "queries", "pool")}
            for name, figure in section.figures.items():
                yield {**own, "part": section.name, **where, "figure": name, **asdict(figure)}
    for one in result.dataset.published:
        yield {
            **shared, "model": one.model, "kind": "reported", "source": one.source,
            "figure": _figure_of(one), "value": one.value,
            "contaminated_by": "; ".join(one.contaminated_by), "note": one.note,
        }  # fmt: skip
