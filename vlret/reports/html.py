"""One self-contained page of results: pictures inside, no script, no request to anywhere."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path

from vlret.files import write_output
from vlret.reports.thumbnails import thumbnails
from vlret.reports.timecode import span
from vlret.types import Clip, Hit, Label

_MOST_CARDS = 300  # in a section: more make a page that no browser likes to open


@dataclass(frozen=True, slots=True)
class Card:
    """One result: its clip, a title, a line under it, and bars of (name, share from 0 to 1, text)."""

    clip: Clip
    title: str
    line: str
    bars: Sequence[tuple[str, float, str]] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, a line under it, and its cards."""

    title: str
    note: str
    cards: Sequence[Card]


def hits_section(query: str, note: str, hits: Sequence[Hit]) -> Section:
    """Search hits as a section; the bar of a hit is its score against the best one."""
    best = max((hit.score for hit in hits), default=1.0)
    cards = [
        Card(
            _clip(hit.path, hit.start, hit.end),
            f"{hit.rank}. {Path(hit.path).name}",
            str(Path(hit.path).parent),
            [("score", max(hit.score, 0.0) / best if best > 0 else 0.0, f"{hit.score:.3f}")],
        )
        for hit in hits
    ]
    return Section(query, note, cards)


def labels_section(title: str, note: str, labels: Sequence[Label]) -> Section:
    """Labelled clips as a section; the bars are the probabilities of the top labels."""
    cards = [
        Card(
            _clip(item.path, item.start, item.end),
            item.label,
            Path(item.path).name,
            [(one.label, one.probability, f"{one.probability:.0%}") for one in item.top[:3]],
        )
        for item in labels
    ]
    return Section(title, note, cards)


def write_page(path: Path, title: str, sections: Sequence[Section]) -> None:
    """Write the page to `path` (its folder is made).

    A clip that cannot be read gets an empty picture and a warning; of each section 300 cards are shown.
    """
    pictures = thumbnails(card.clip for section in sections for card in section.cards[:_MOST_CARDS])
    body = "".join(_section(section, pictures) for section in sections)
    # A file name that is not UTF-8 comes as lone surrogates, which no encoding writes.
    write_output(path, page_text(title, body).encode(errors="replace"))


def page_text(title: str, body: str) -> str:
    """A whole page around `body`, which is HTML; it may use pictures and styles of its own, nothing from afar."""
    style = (files("vlret") / "assets" / "page.css").read_text("utf-8")
    return _PAGE.format(title=escape(title), style=style, body=body)


def _clip(path: str, start: float, end: float | None) -> Clip:
    return Clip(Path(path), start, end if end is not None and end > start else None)


def _section(section: Section, pictures: Mapping[Clip, bytes]) -> str:
    shown = section.cards[:_MOST_CARDS]
    cards = "".join(_card(card, pictures.get(card.clip)) for card in shown) or "<p>Nothing was found.</p>"
    head = f"<h2>{escape(section.title)}</h2><p>{escape(section.note)}</p>"
    n_more = len(section.cards) - len(shown)
    more = f"<p>{n_more} more are not shown.</p>" if n_more else ""
    return f'<section>{head}<div class="cards">{cards}</div>{more}</section>'


def _card(card: Card, jpeg: bytes | None) -> str:
    path = card.clip.path
    picture = _IMAGE.format(data=base64.b64encode(jpeg).decode(), name=escape(path.name)) if jpeg else ""
    time = span(card.clip.start, card.clip.end)
    bars = "".join(
        _BAR.format(name=escape(name), share=100 * min(max(share, 0.0), 1.0), text=escape(text))
        for name, share, text in card.bars
    )
    return _CARD.format(
        picture=picture,
        time=f"<time>{time}</time>" if time else "",
        title=escape(card.title).replace("_", "_<wbr>"),  # a long name breaks between its words
        line=escape(card.line),
        path=escape(str(path)),
        bars=bars,
    )


_IMAGE = '<img src="data:image/jpeg;base64,{data}" alt="{name}">'
_BAR = (
    '<div class="bar"><span>{name}</span><b>{text}</b>'
    '<div class="track"><i style="width:{share:.1f}%"></i></div></div>'
)
_CARD = (
    '<article><div class="picture">{picture}{time}</div><div class="text"><h3>{title}</h3>'
    '<p class="file" title="{path}">{line}</p>{bars}</div></article>'
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
