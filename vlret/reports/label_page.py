"""Labelled clips on a page: one group per label, the largest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vlret.reports.cards import file_line, frames, heading
from vlret.reports.thumbnails import Preview
from vlret.reports.write_page import MOST_CLIPS, bar, text
from vlret.tasks.label import UNKNOWN
from vlret.types import Clip, Label

_N_BARS = 3

Groups = list[tuple[str, list[Label]]]


@dataclass(frozen=True, slots=True)
class LabelSection:
    """Labelled clips under a heading (none if "") and a note.

    It begins with the number of clips per label, the most frequent first and "unknown" last; then the groups follow
    in that order. A group shows its most probable clips; 300 per section are divided evenly among the groups.
    """

    title: str
    note: str
    labels: Sequence[Label]

    def clips(self) -> list[Clip]:
        """Return the clips that are shown."""
        return [_clip(item) for _, items in _shown(_groups(self.labels)) for item in items]

    def html(self, pictures: Mapping[Clip, Preview]) -> str:
        """Return the counts, each with a link to its group, and the groups."""
        groups = _groups(self.labels)
        head = f"<h2>{text(self.title)}</h2>" if self.title else ""
        counts = "".join(
            _count(number, name, len(items), len(self.labels)) for number, (name, items) in enumerate(groups)
        )
        cards = "".join(
            _group(number, items, len(groups[number][1]), pictures)
            for number, (_, items) in enumerate(_shown(groups))
        )
        body = (
            f'<ol class="counts">{counts}</ol><div class="groups">{cards}</div>'
            if groups
            else "<p>No clips were labelled.</p>"
        )
        return f"<section>{head}<p>{text(self.note)}</p>{body}</section>"


def _groups(labels: Sequence[Label]) -> Groups:
    """Return (label, its clips, the most probable first), the largest group first, "unknown" last."""
    groups: dict[str, list[Label]] = {}
    for item in sorted(labels, key=lambda item: -item.probability):
        groups.setdefault(item.label, []).append(item)
    return sorted(groups.items(), key=lambda group: (group[0] == UNKNOWN, -len(group[1]), group[0]))


def _shown(groups: Groups) -> Groups:
    """Return the groups and clips that fit on a page."""
    share = max(MOST_CLIPS // max(len(groups), 1), 1)
    return [(name, items[:share]) for name, items in groups[:MOST_CLIPS]]


def _count(number: int, name: str, n: int, n_all: int) -> str:
    return f'<li><a href="#label-{number}">{bar(name, n / n_all, str(n))}</a></li>'


def _group(number: int, items: Sequence[Label], n: int, pictures: Mapping[Clip, Preview]) -> str:
    cards = "".join(_card(item, pictures) for item in items)
    shown = f"{len(items)} of {n}" if len(items) < n else f"{n}"
    title = f'<h3 id="label-{number}">{text(items[0].label)} <small>{shown}</small></h3>'
    return f'<div class="group">{title}<div>{cards}</div></div>'


def _card(item: Label, pictures: Mapping[Clip, Preview]) -> str:
    clip = _clip(item)
    bars = "".join(bar(one.label, one.probability, f"{one.probability:.0%}") for one in item.top[:_N_BARS])
    about = f'<div class="text">{heading(clip.path.name)}{file_line(clip.path)}{bars}</div>'
    return f'<article class="one">{frames(clip, pictures)}{about}</article>'


def _clip(item: Label) -> Clip:
    return Clip.from_row(item.path, item.start, item.end)
