"""The page of a benchmark result: table, plots, breakdowns and failures in one file that asks for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from vlret.evaluation.table import SHORT, shown_figures
from vlret.reports import plots
from vlret.reports.bench_detail import (
    Failure,
    Pair,
    Share,
    by_class,
    by_length,
    confusion,
    most_confused,
    worst,
)
from vlret.reports.bench_tables import Row, bench_rows, column_names, figure_texts, footer
from vlret.reports.html import image, page_text
from vlret.reports.thumbnails import Preview, previews
from vlret.types import Clip

Document = Mapping[str, Any]
Pictures = Mapping[Clip, Preview]

_MOST_CLASSES = 50  # in the confusion matrix, beyond which there are pairs, and in the table of classes
_MOST_BESIDE = 25  # classes of two matrices that fit beside each other
_PICTURE_SIDE = 240  # pixels: 80 pictures a model stay below a megabyte


def bench_page(document: Document) -> str:
    """The page of a result (the document of `vlret.evaluation.run`) as HTML.

    Media that cannot be read leave an empty picture and a warning.
    """
    failures = {model["name"]: worst(document, model) for model in document["models"]}
    pictures = previews(_clips(document, failures.values()), side=_PICTURE_SIDE)
    card = document["dataset"]
    title = f"{card['title']}: {document['task']}"
    parts = [
        f"<style>{_STYLE}</style>", _lead(document), _table(document), _plots(document), _confusions(document),
        _shares(document, "By clip length", by_length(document)),
        _shares(document, "By class, hardest first", by_class(document)),
        *(_failures(document, name, found, pictures) for name, found in failures.items()),
    ]  # fmt: skip
    return page_text(title, "".join(parts))


def _lead(document: Document) -> str:
    card = document["dataset"]
    names = ("media", "texts", "classes", "questions", "triples")
    counted = ", ".join(f"{card[name]} {name}" for name in names if card.get(name) is not None)
    return f"<p class='lead'>{escape(counted)}. Scored {escape(document['created'][:16].replace('T', ' '))} UTC.</p>"


def _table(document: Document) -> str:
    columns = column_names(document)
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    rows = "".join(_table_row(row, columns[1:], shown_figures(document)) for row in bench_rows(document))
    notes = "".join(f"<p>{escape(line)}</p>" for line in footer(document))
    table = f"<div class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    return _section("Figures, per cent, with 95% intervals", f"{table}<div class='notes'>{notes}</div>")


def _table_row(row: Row, columns: Sequence[str], shown: Sequence[str]) -> str:
    source = f"<small>reported, {escape(row.source)}</small>" if row.source else ""
    words = [(escape(word), "") for word in (row.part, row.queries, row.pool)]
    cells = [*words, *(figure_texts(row.figures.get(name)) for name in shown)]
    told = "".join(_cell(name, *cell) for name, cell in zip(columns, cells, strict=True))
    kind = " class='reported'" if row.source else ""
    return f"<tr{kind}><th>{escape(row.model)}{source}</th>{told}</tr>"


def _cell(column: str, value: str, below: str = "") -> str:
    """A cell that knows its column: a narrow screen has no head row."""
    small = f"<small>{below}</small>" if below else ""
    return f"<td data-column='{escape(column)}'>{value}{small}</td>" if value else "<td></td>"


def _plots(document: Document) -> str:
    first = plots.recall_curves if document["task"] == "retrieval" else plots.main_bars
    cost = plots.accuracy_against_cost(document)
    none = "" if document["task"] == "text" else "<p>No cost is shown: none is known of these vectors.</p>"
    second = f"<figure>{cost}</figure>" if cost else none
    return _section("Plots", f"<div class='plots'><figure>{first(document)}</figure>{second}</div>")


def _confusions(document: Document) -> str:
    if document["task"] != "classification":
        return ""
    classes = document["classes"]
    if len(classes) > _MOST_CLASSES:
        tables = "".join(
            _pairs(model["name"], most_confused(document, model)) for model in document["models"]
        )
        note = "The pairs taken most often one for the other; all of them are in confusion.csv."
        return _section("Which class for which", f"<p>{note}</p><div class='plots'>{tables}</div>")
    # Never so small that names cannot be read: then the box scrolls.
    style = f"--least: {22 * len(classes)}px; --most: {max(560, 22 * len(classes))}px"
    kind = "scroll wide" if len(classes) > _MOST_BESIDE else "scroll"
    drawn = [
        f"<figure class='{kind}' style='{style}'><figcaption>{escape(model['name'])}</figcaption>"
        f"{plots.confusion_matrix(model['name'], confusion(document, model), classes)}</figure>"
        for model in document["models"]
    ]
    return _section("Which class for which", f"<div class='plots'>{''.join(drawn)}</div>")


def _pairs(model: str, pairs: Sequence[Pair]) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("truth", "answer", "queries", "share"))
    rows = "".join(
        f"<tr><th>{escape(pair.truth)}</th>{_cell('answer', escape(pair.answer))}"
        f"{_cell('queries', f'{pair.n} of {pair.total}')}{_share_cell('share', pair.n / pair.total)}</tr>"
        for pair in pairs
    )
    table = f"<table class='shares'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    body = f"<div class='scroll'>{table}</div>" if pairs else "<p>None.</p>"
    return f"<div><h3>{escape(model)}</h3>{body}</div>"


def _shares(document: Document, title: str, shares: Sequence[Share]) -> str:
    if not shares:
        return ""
    name = shown_figures(document)[0]
    names = [model["name"] for model in document["models"]]
    rows = "".join(_share_row(share, names) for share in shares[:_MOST_CLASSES])
    more = f"<p>{len(shares) - _MOST_CLASSES} more are not shown.</p>" if len(shares) > _MOST_CLASSES else ""
    heads = "".join(f"<th>{escape(name)}</th>" for name in ("", "queries", *names))
    head = f"<thead><tr>{heads}</tr></thead>"
    table = f"<div class='scroll'><table class='shares'>{head}<tbody>{rows}</tbody></table></div>{more}"
    return _section(title, f"<p>{escape(SHORT.get(name, name))}, per cent.</p>{table}")


def _share_row(share: Share, models: Sequence[str]) -> str:
    cells = _cell("queries", str(share.n))
    cells += "".join(_share_cell(*pair) for pair in zip(models, share.shares, strict=True))
    return f"<tr><th>{escape(share.name)}</th>{cells}</tr>"


def _share_cell(column: str, value: float) -> str:
    bar = f"<div class='track'><i style='width:{100 * value:.1f}%'></i></div>"
    return _cell(column, f"{100 * value:.1f}{bar}")


def _failures(document: Document, model: str, failures: Sequence[Failure], pictures: Pictures) -> str:
    if not failures:
        return _section(f"Failures of {model}", "<p>None: every right answer stands first.</p>")
    shown = "".join(_failure(document, failure, pictures) for failure in failures)
    note = "The right answers that are ranked lowest, and what stands above them with its score."
    return _section(
        f"The {len(failures)} worst of {model}", f"<p>{note}</p><div class='failures'>{shown}</div>"
    )


def _failure(document: Document, failure: Failure, pictures: Pictures) -> str:
    above = "".join(
        f"<li>{_picture(document, entry.item, pictures)}<span>{escape(entry.name)}</span>"
        f"<b>{entry.score:.3f}</b></li>"
        for entry in failure.above
    )
    right = _picture(document, failure.item, pictures)
    what = (
        f"<div class='text'><h3>{escape(failure.title)}</h3><p class='file'>{escape(failure.line)}</p></div>"
    )
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
    end = item["end"]
    return Clip(Path(item["path"]), item["start"], end if end is not None and end > item["start"] else None)


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


_STYLE = """
.lead { color: var(--soft); margin: 0 }
.scroll { overflow-x: auto }
h2 + .scroll, h2 + p { margin-top: 10px }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; background: var(--card) }
th, td { padding: 6px 10px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
thead th { white-space: nowrap; color: var(--soft); font-weight: 600 }
tbody th { font-weight: 600; min-width: 130px; max-width: 300px; overflow-wrap: anywhere }
td small, th small { display: block; color: var(--soft); font-weight: 400; font-size: 12px }
td small { white-space: nowrap }
.reported, .reported th { color: var(--soft); font-weight: 400 }
.notes { margin-top: 10px; color: var(--soft); font-size: 14px; overflow-wrap: anywhere }
.notes p { margin: 3px 0 }
.plots { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr));
  margin-top: 10px; align-items: start }
.plots > div { min-width: 0 }
.plots h3 { margin-bottom: 6px }
figure { margin: 0; padding: 12px; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  min-width: 0 }
figure svg { display: block; width: 100%; height: auto; max-width: 480px; margin: 0 auto }
figure.scroll svg { min-width: var(--least); max-width: var(--most) }
.wide { grid-column: 1 / -1 }
figcaption { font-weight: 600; margin-bottom: 6px; overflow-wrap: anywhere }
.shares td { min-width: 90px }
.failures { display: grid; gap: 16px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 360px), 1fr)) }
.failures .file { white-space: pre-line }
.failures img { display: block; object-fit: contain; background: #000; width: 100%; height: 160px }
.failures ol { list-style: none; display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 8px;
  margin: 0; padding: 0 12px 12px; font-size: 13px }
.failures li img { height: 64px; margin-bottom: 4px }
.failures li span { display: block; font-size: 12px; overflow-wrap: anywhere }
.failures h3 { max-height: 7.25em; overflow-y: auto }
@media (max-width: 1180px) {
  th, td { padding: 6px 5px }
  td small { white-space: normal }
}
@media (max-width: 900px) {
  table, tbody, th, td { display: block }
  thead { display: none }
  tbody th { max-width: none; border: 0; padding: 0; grid-column: 1 / -1 }
  tr { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 6px 10px; padding: 10px 12px;
    border-bottom: 1px solid var(--line) }
  td { border: 0; padding: 0; overflow-wrap: anywhere }
  td:empty { display: none }
  td::before { content: attr(data-column); display: block; color: var(--soft); font-size: 12px }
  .shares td { min-width: 0 }
}
"""
