"""A benchmark result as a table for a page, a paper or a program: Markdown, LaTeX and CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vlret.evaluation.metrics.figures import is_plain
from vlret.evaluation.results.export import lacking
from vlret.evaluation.results.table import (
    SHORT,
    marked,
    marked_reported,
    notes,
    part_name,
    reported_notes,
    shown_figures,
)
from vlret.reports.bench_detail import confusion
from vlret.reports.csv_text import csv_text
from vlret.reports.paper import paper_differences, protocol_line

Document = Mapping[str, Any]
Figure = Mapping[str, float | None]

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
    """A part of a measured model, or a published figure; `source` is "" for what was measured.

    `figures` are as in the document; a published one has a value only, and its pool is not stated.
    """

    model: str
    part: str
    queries: str
    pool: str
    figures: Mapping[str, Figure]
    source: str = ""


def bench_rows(document: Document) -> list[Row]:
    """Every part of every model, then the published figures of the set's card."""
    measured = [
        Row(marked(model), part_name(part), str(part["queries"]), str(part["pool"]), part["figures"])
        for model in document["models"]
        for part in model["parts"]
    ]
    first = document["models"][0]["parts"][0]["name"]
    return measured + [
        Row(marked_reported(one), first, "", "", {_figure_of(one): {"value": one["value"]}}, one["source"])
        for one in document["dataset"]["published"]
    ]


def column_names(document: Document) -> list[str]:
    """The head of the table; figures in per cent but ranks."""
    figures = (SHORT.get(name, name).replace("_", " ") for name in shown_figures(document))
    return ["model", "part", "queries", "pool", *figures]


def figure_texts(figure: Figure | None) -> tuple[str, str]:
    """Value and interval with one decimal; "" for what is not there."""
    if figure is None or figure["value"] is None:
        return "", ""
    low, high = figure.get("low"), figure.get("high")
    return f"{figure['value']:.1f}", "" if low is None else f"[{low:.1f}, {high:.1f}]"


def footer(document: Document) -> list[str]:
    """The lines below the table: marks, what is reported and not measured, protocol, the paper's protocol."""
    chance = {part["name"]: part["figures"] for part in document["models"][0]["parts"] if is_plain(part)}
    first = shown_figures(document)[0]
    told = [f"{name} {figures[first]['chance']:.1f}" for name, figures in chance.items() if first in figures]
    lines = [*notes(document), f"Chance in {SHORT.get(first, first)}: {', '.join(told)}."]
    if document["dataset"]["published"]:
        lines.append('Rows marked "reported" were published, not measured here; their pool is not stated.')
        lines += reported_notes(document)
    return [line for line in (*lines, protocol_line(document), paper_differences(document)) if line]


def to_markdown(document: Document) -> str:
    """A table of GitHub's Markdown, value and interval in each cell, published rows in italics; notes below."""
    head = column_names(document)
    lines = [_md_line(head), _md_line(["---", "---", *["---:"] * (len(head) - 2)])]
    for row in bench_rows(document):
        cells = [" ".join(figure_texts(row.figures.get(name))).strip() for name in shown_figures(document)]
        model = f"{row.model} (reported, {row.source})" if row.source else row.model
        words = [*map(_md, (model, row.part, row.queries, row.pool)), *cells]
        lines.append(_md_line([f"*{word}*" if word and row.source else word for word in words]))
    title = f"## {_md(document['dataset']['title'])}: {document['task']}"
    return "\n\n".join([title, "\n".join(lines), *map(_md, footer(document))]) + "\n"


def to_latex(document: Document) -> str:
    """A `tabular` with booktabs rules, published rows grey (xcolor); notes as a block below."""
    head, published = column_names(document), False
    lines = [
        r"% \usepackage{booktabs,xcolor}",
        rf"\begin{{tabular}}{{ll{'r' * (len(head) - 2)}}}",
        r"\toprule",
        _tex_line(map(_tex, head)),
        r"\midrule",
    ]
    for row in bench_rows(document):
        if row.source and not published:
            lines, published = [*lines, r"\midrule"], True
        lines.append(_tex_line(_tex_cells(row, shown_figures(document))))
    notes_below = [rf"\noindent {{\footnotesize {_tex(line)}\par}}" for line in footer(document)]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", "", *notes_below]) + "\n"


def to_csv(document: Document) -> str:
    """One row for each model, part and figure, with interval and chance; published figures too."""
    return csv_text([_CSV, *([row.get(key, "") for key in _CSV] for row in _csv_rows(document))])


def to_confusion_csv(document: Document) -> str:
    """A row for each model and pair of true class and first answer that occurs; "" for other tasks."""
    if document["task"] != "classification":
        return ""
    classes = document["classes"]
    rows: list[tuple[Any, ...]] = [("model", "truth", "answer", "queries")]
    for model in document["models"]:
        pairs = sorted(confusion(document, model).items())
        rows += [(model["name"], classes[truth], classes[answer], n) for (truth, answer), n in pairs]
    return csv_text(rows)


def _figure_of(published: Mapping[str, Any]) -> str:
    return str(_OF_METRIC.get(published["metric"], published["metric"]))


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
    cells = [_tex(word) for word in (name, row.part, row.queries, row.pool)]
    for figure in shown:
        value, interval = figure_texts(row.figures.get(figure))
        cells.append(rf"{value} {{\scriptsize {interval}}}" if interval else value)
    yield from (rf"\textcolor{{gray}}{{{cell}}}" if cell and row.source else cell for cell in cells)


def _csv_rows(document: Document) -> Iterator[dict[str, Any]]:
    card = document["dataset"]
    shared = {"dataset": card["name"], "split": card["split"]}
    measured = {**shared, "kind": "measured", **lacking(document)}
    for model in document["models"]:
        overlap, of_set = "; ".join(model["contaminated_by"]), model["stamp"]["set"]["hash"]
        own = {**measured, "contaminated_by": overlap, "set_hash": of_set}
        for part in model["parts"]:
            where = {name: part[name] for name in ("rerank", "queries", "pool")}
            for name, figure in part["figures"].items():
                yield {**own, "model": model["name"], "part": part["name"], **where, "figure": name, **figure}
    for one in card["published"]:
        yield {
            **shared, "model": one["model"], "kind": "reported", "source": one["source"],
            "figure": _figure_of(one), "value": one["value"],
            "contaminated_by": "; ".join(one["contaminated_by"]), "note": one["note"],
        }  # fmt: skip
