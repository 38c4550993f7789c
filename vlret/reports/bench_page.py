"""The page of a benchmark result: table, plots, breakdowns and failures in one file that asks for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from vlret.evaluation.results.table import SHORT, shown_figures
from vlret.reports import plots
from vlret.reports.bench_detail import Failure, Share, by_class, by_length, worst
from vlret.reports.bench_parts import cell, section, share_cell, table
from vlret.reports.bench_tables import Row, bench_rows, column_names, figure_texts, footer
from vlret.reports.confusion import confusions
from vlret.reports.html import image, page_text, text
from vlret.reports.thumbnails import Preview, previews
from vlret.types import Clip

Document = Mapping[str, Any]
Pictures = Mapping[Clip, Preview]

_MOST_CLASSES = 50  # in the table of classes
_MOST_LETTERS = 10_000  # of a caption that failed, or a note
_PICTURE_SIDE = 240  # pixels: 80 pictures a model stay below a megabyte


def bench_page(document: Document) -> str:
    """The page of a result (the document of `vlret.evaluation.runner`) as HTML.

    Media that cannot be read leave an empty picture and a warning.
    """
    failures = {model["name"]: worst(document, model) for model in document["models"]}
    pictures = previews(_clips(document, failures.values()), side=_PICTURE_SIDE)
    card = document["dataset"]
    title = f"{card['title']}: {document['task']}"
    style = (files("vlret") / "assets" / "bench.css").read_text("utf-8")
    parts = [
        f"<style>{style}</style>", _lead(document), _table(document), _plots(document), confusions(document),
        _shares(document, "By clip length", by_length(document)),
        _shares(document, "By class, hardest first", by_class(document)),
        *(_failures(document, name, found, pictures) for name, found in failures.items()),
    ]  # fmt: skip
    return page_text(title, "".join(parts))


def _lead(document: Document) -> str:
    card = document["dataset"]
    names = ("media", "texts", "classes", "questions", "triples")
    counted = ", ".join(f"{card[name]} {name}" for name in names if card.get(name) is not None)
    return (
        f"<p class='lead'>{text(counted)}. Scored {text(document['created'][:16].replace('T', ' '))} UTC.</p>"
    )


def _table(document: Document) -> str:
    columns = column_names(document)
    rows = "".join(_table_row(row, columns[1:], shown_figures(document)) for row in bench_rows(document))
    notes = "".join(f"<p>{text(line, _MOST_LETTERS)}</p>" for line in footer(document))
    body = f"{table(columns, rows)}<div class='notes'>{notes}</div>"
    return section("Figures, per cent, with 95% intervals", body)


def _table_row(row: Row, columns: Sequence[str], shown: Sequence[str]) -> str:
    source = f"<small>reported, {text(row.source)}</small>" if row.source else ""
    words = [(text(word), "") for word in (row.part, row.queries, row.pool)]
    told = [*words, *(figure_texts(row.figures.get(name)) for name in shown)]
    cells = "".join(cell(name, *texts) for name, texts in zip(columns, told, strict=True))
    kind = " class='reported'" if row.source else ""
    return f"<tr{kind}><th>{text(row.model)}{source}</th>{cells}</tr>"


def _plots(document: Document) -> str:
    first = plots.recall_curves if document["task"] == "retrieval" else plots.main_bars
    cost = plots.accuracy_against_cost(document)
    none = "" if document["task"] == "text" else "<p>No cost is shown: none is known of these vectors.</p>"
    second = f"<figure>{cost}</figure>" if cost else none
    return section("Plots", f"<div class='plots'><figure>{first(document)}</figure>{second}</div>")


def _shares(document: Document, title: str, shares: Sequence[Share]) -> str:
    if not shares:
        return ""
    name = shown_figures(document)[0]
    names = [model["name"] for model in document["models"]]
    rows = "".join(_share_row(share, names) for share in shares[:_MOST_CLASSES])
    more = f"<p>{len(shares) - _MOST_CLASSES} more are not shown.</p>" if len(shares) > _MOST_CLASSES else ""
    what = f"<p>{text(SHORT.get(name, name))}, per cent.</p>"
    return section(title, what + table(("", "queries", *names), rows, "shares") + more)


def _share_row(share: Share, models: Sequence[str]) -> str:
    cells = cell("queries", str(share.n))
    cells += "".join(share_cell(*pair) for pair in zip(models, share.shares, strict=True))
    return f"<tr><th>{text(share.name)}</th>{cells}</tr>"


def _failures(document: Document, model: str, failures: Sequence[Failure], pictures: Pictures) -> str:
    if not failures:
        return section(f"Failures of {model}", "<p>None: every right answer stands first.</p>")
    shown = "".join(_failure(document, failure, pictures) for failure in failures)
    note = "The right answers that are ranked lowest, and what stands above them with its score."
    return section(
        f"The {len(failures)} worst of {model}", f"<p>{note}</p><div class='failures'>{shown}</div>"
    )


def _failure(document: Document, failure: Failure, pictures: Pictures) -> str:
    above = "".join(
        f"<li>{_picture(document, entry.item, pictures)}<span>{text(entry.name)}</span>"
        f"<b>{entry.score:.3f}</b></li>"
        for entry in failure.above
    )
    right = _picture(document, failure.item, pictures)
    lines = "<br>".join(text(line, _MOST_LETTERS) for line in failure.line.split("\n"))
    title = text(failure.title, _MOST_LETTERS)
    what = f"<div class='text'><h3>{title}</h3><p class='file'>{lines}</p></div>"
    return f"<article>{right}{what}{f'<ol>{above}</ol>' if above else ''}</article>"


def _picture(document: Document, item: int | None, pictures: Pictures) -> str:
    clip = None if item is None else _clip(document["items"][item])
    preview = pictures.get(clip) if clip else None
    return image(preview.middle.jpeg, str(document["items"][item]["id"])) if preview else ""


def _clips(document: Document, failures: Iterable[Sequence[Failure]]) -> list[Clip]:
    shown = [failure for found in failures for failure in found]
    items = {failure.item for failure in shown} | {entry.item for f in shown for entry in f.above}
    found = [_clip(document["items"][item]) for item in items if item is not None]
    return [clip for clip in found if clip]


def _clip(item: Document) -> Clip | None:
    """The clip of an item; None for vectors made elsewhere, which have no file."""
    if item["path"] is None:
        return None
    return Clip.from_row(item["path"], item["start"], item["end"])
