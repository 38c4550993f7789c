"""The page of a benchmark result: table, plots, breakdowns and failures in one file that loads nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files

from vlret.evaluation.results.contents import Item
from vlret.evaluation.results.result import BenchResult
from vlret.reports import plots
from vlret.reports.bench_detail import Failure, Share, by_class, by_length, worst
from vlret.reports.bench_html import cell, section, share_cell, table
from vlret.reports.bench_names import SHORT, shown_figures
from vlret.reports.bench_tables import Row, bench_rows, column_names, footer
from vlret.reports.confusion import confusions
from vlret.reports.thumbnails import Preview, previews
from vlret.reports.write_page import image, page_text, text
from vlret.types import Clip

Pictures = Mapping[Clip, Preview]

_MOST_CLASSES = 50  # in the table of classes
_MOST_LETTERS = 10_000  # of a caption that failed, or a note
_PICTURE_SIDE = 240  # pixels: 80 pictures a model stay below a megabyte


def bench_page(result: BenchResult) -> str:
    """The page of a result as HTML.

    Media that cannot be read leave an empty picture and a warning.
    """
    failures = {model.name: worst(result, model) for model in result.models}
    pictures = previews(_clips(result, failures.values()), side=_PICTURE_SIDE)
    title = f"{result.dataset.title}: {result.task}"
    style = (files("vlret") / "assets" / "bench.css").read_text("utf-8")
    body = [
        f"<style>{style}</style>", _lead(result), _table(result), _plots(result), confusions(result),
        _shares(result, "By clip length", by_length(result)),
        _shares(result, "By class, hardest first", by_class(result)),
        *(_failures(result, name, found, pictures) for name, found in failures.items()),
    ]  # fmt: skip
    return page_text(title, "".join(body))


def _lead(result: BenchResult) -> str:
    names = {"media": "items", **{name: name for name in ("texts", "classes", "questions", "triples")}}
    counts = {name: getattr(result.dataset, key) for key, name in names.items()}
    counted = ", ".join(f"{n} {name}" for name, n in counts.items() if n is not None)
    return f"<p class='lead'>{text(counted)}. Scored {text(result.created[:16].replace('T', ' '))} UTC.</p>"


def _table(result: BenchResult) -> str:
    columns = column_names(result)
    rows = "".join(_table_row(row, columns[1:], shown_figures(result)) for row in bench_rows(result))
    notes = "".join(f"<p>{text(line, _MOST_LETTERS)}</p>" for line in footer(result))
    body = f"{table(columns, rows)}<div class='notes'>{notes}</div>"
    return section("Figures, per cent, with 95% intervals", body)


def _table_row(row: Row, columns: Sequence[str], shown: Sequence[str]) -> str:
    source = f"<small>reported, {text(row.source)}</small>" if row.source else ""
    words = [(text(word), "") for word in (row.section, row.queries, row.pool)]
    texts = [*words, *(row.figures.get(name, ("", "")) for name in shown)]
    cells = "".join(cell(name, *both) for name, both in zip(columns, texts, strict=True))
    kind = " class='reported'" if row.source else ""
    return f"<tr{kind}><th>{text(row.model)}{source}</th>{cells}</tr>"


def _plots(result: BenchResult) -> str:
    first = plots.recall_curves if result.task == "retrieval" else plots.main_bars
    cost = plots.accuracy_against_cost(result)
    none = "" if result.task == "text" else "<p>No cost is shown: it is not known for these embeddings.</p>"
    second = f"<figure>{cost}</figure>" if cost else none
    return section("Plots", f"<div class='plots'><figure>{first(result)}</figure>{second}</div>")


def _shares(result: BenchResult, title: str, shares: Sequence[Share]) -> str:
    if not shares:
        return ""
    name = shown_figures(result)[0]
    names = [model.name for model in result.models]
    rows = "".join(_share_row(share, names) for share in shares[:_MOST_CLASSES])
    more = (
        f"<p>{len(shares) - _MOST_CLASSES} more classes are not shown.</p>"
        if len(shares) > _MOST_CLASSES
        else ""
    )
    what = f"<p>{text(SHORT.get(name, name))}, per cent.</p>"
    return section(title, what + table(("", "queries", *names), rows, "shares") + more)


def _share_row(share: Share, models: Sequence[str]) -> str:
    cells = cell("queries", str(share.n))
    cells += "".join(share_cell(*pair) for pair in zip(models, share.shares, strict=True))
    return f"<tr><th>{text(share.name)}</th>{cells}</tr>"


def _failures(result: BenchResult, model: str, failures: Sequence[Failure], pictures: Pictures) -> str:
    if not failures:
        return section(f"Failures of {model}", "<p>None: every right answer ranks first.</p>")
    shown = "".join(_failure(result, failure, pictures) for failure in failures)
    note = "The right answers that rank lowest, and what ranks above them, with scores."
    return section(
        f"The {len(failures)} worst of {model}", f"<p>{note}</p><div class='failures'>{shown}</div>"
    )


def _failure(result: BenchResult, failure: Failure, pictures: Pictures) -> str:
    above = "".join(
        f"<li>{_picture(result, entry.item, pictures)}<span>{text(entry.name)}</span>"
        f"<b>{entry.score:.3f}</b></li>"
        for entry in failure.above
    )
    right = _picture(result, failure.item, pictures)
    lines = "<br>".join(text(line, _MOST_LETTERS) for line in failure.line.split("\n"))
    title = text(failure.title, _MOST_LETTERS)
    what = f"<div class='text'><h3>{title}</h3><p class='file'>{lines}</p></div>"
    return f"<article>{right}{what}{f'<ol>{above}</ol>' if above else ''}</article>"


def _picture(result: BenchResult, item: int | None, pictures: Pictures) -> str:
    if item is None or not (clip := _clip(result.items[item])):
        return ""
    preview = pictures.get(clip)
    return image(preview.middle.jpeg, result.items[item].id) if preview else ""


def _clips(result: BenchResult, failures: Iterable[Sequence[Failure]]) -> list[Clip]:
    shown = [failure for found in failures for failure in found]
    items = {failure.item for failure in shown} | {entry.item for f in shown for entry in f.above}
    found = [_clip(result.items[item]) for item in items if item is not None]
    return [clip for clip in found if clip]


def _clip(item: Item) -> Clip | None:
    """The clip of an item; None for precomputed embeddings, which have no file."""
    return None if item.path is None else Clip.from_row(item.path, item.start, item.end)
