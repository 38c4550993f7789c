"""Confusion matrices and the most frequent confusions, as HTML tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from vlret.evaluation.results.result import BenchResult, ModelResult
from vlret.reports.bench_detail import Pair, confusion, most_confused
from vlret.reports.bench_html import cell, section, share_cell, table
from vlret.reports.write_page import text

_MOST_CLASSES = 50  # in a matrix; if there are more, only the most often confused
_MOST_NARROW = 12  # classes of a matrix that leaves room for another beside it
_LEGEND = "Rows: true class. Columns: predicted class. Colour: share of the row."


def confusions(result: BenchResult) -> str:
    """Return a matrix per model; with more than 50 classes also the 20 most frequent confusions; "" for other tasks."""
    if result.task != "classification":
        return ""
    shown = "".join(_of_model(result, model) for model in result.models)
    return section("Confusion matrix", f"<div class='plots'>{shown}</div>")


def _of_model(result: BenchResult, model: ModelResult) -> str:
    classes, counts, name = result.contents.classes, confusion(result, model), model.name
    if len(classes) <= _MOST_CLASSES:
        return _matrix(name, counts, classes, range(len(classes)))
    pairs = most_confused(result, model)
    named = {name for pair in pairs for name in (pair.truth, pair.answer)}
    shown = [number for number, name in enumerate(classes) if name in named]
    note = " Only the classes of these confusions; all pairs are in confusion.csv."
    return _pairs(name, pairs) + (_matrix(name, counts, classes, shown, note) if shown else "")


def _matrix(
    model: str, counts: Counter[tuple[int, int]], classes: Sequence[str], shown: Sequence[int], note: str = ""
) -> str:
    head = "".join(f"<th scope='col'><span>{text(classes[answer])}</span></th>" for answer in shown)
    rows = "".join(_row(truth, counts, classes, shown) for truth in shown)
    kind = "wide" if len(shown) > _MOST_NARROW else "narrow"
    return (
        f"<figure class='{kind}'><figcaption>{text(model)}</figcaption><p class='file'>{_LEGEND}{note}</p>"
        f"<div class='scroll' tabindex='0' role='region' aria-label='Confusion matrix of {text(model)}'>"
        f"<table class='matrix'><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div></figure>"
    )


def _row(truth: int, counts: Counter[tuple[int, int]], classes: Sequence[str], shown: Sequence[int]) -> str:
    total = sum(counts[truth, answer] for answer in range(len(classes)))
    cells = "".join(_count(counts[truth, answer], total, truth == answer) for answer in shown)
    return f"<tr><th scope='row'>{text(classes[truth])}</th>{cells}</tr>"


def _count(n: int, total: int, right: bool) -> str:
    kind = " class='right'" if right else ""
    if not n:
        return f"<td{kind}></td>"
    return f"<td{kind} style='--share:{n / total:.3f}' title='{n} of {total}, {n / total:.0%}'>{n}</td>"


def _pairs(model: str, pairs: Sequence[Pair]) -> str:
    rows = "".join(
        f"<tr><th>{text(pair.truth)}</th>{cell('predicted', text(pair.answer))}"
        f"{cell('queries', f'{pair.n} of {pair.total}')}{share_cell('share', pair.n / pair.total)}</tr>"
        for pair in pairs
    )
    body = table(("true", "predicted", "queries", "share"), rows, "shares") if pairs else "<p>None.</p>"
    return f"<div><h3>{text(model)}: most frequent confusions</h3>{body}</div>"
