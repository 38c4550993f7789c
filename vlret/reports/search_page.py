"""Search results on a page: hits grouped by file, with a timeline of where in the file they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vlret.remote_path import path_of
from vlret.reports.cards import file_line, frames, heading
from vlret.reports.thumbnails import Preview
from vlret.reports.timecode import span, timecode
from vlret.reports.write_page import MOST_CLIPS, address, bar, text
from vlret.text import count_of
from vlret.types import Clip, Hit


@dataclass(frozen=True, slots=True)
class SearchSection:
    """Hits under a heading (none if "") and a note, grouped by file; the first 300 are shown.

    Bars show the cosine from 0 to `full` (see `full_bar`), or to 1 if a hit exceeds it: bars on two pages of the
    same model are comparable. The probability stands behind the cosine.
    """

    title: str
    note: str
    hits: Sequence[Hit]
    full: float = 1.0

    def clips(self) -> list[Clip]:
        """Return the clips that are shown."""
        return [_clip(hit) for hit in self.hits[:MOST_CLIPS]]

    def html(self, pictures: Mapping[Clip, Preview]) -> str:
        """Return one card per file, in the order of their best hits."""
        head = f"<h2>{text(self.title)}</h2>" if self.title else ""
        full = self.full if all(hit.score <= self.full for hit in self.hits) else 1.0
        files: dict[str, list[Hit]] = {}
        for hit in self.hits[:MOST_CLIPS]:
            files.setdefault(hit.path, []).append(hit)
        cards = "".join(_card(path_of(path), hits, full, pictures) for path, hits in files.items())
        body = f'<div class="cards">{cards}</div>' if cards else "<p>No results.</p>"
        n_more = len(self.hits) - MOST_CLIPS
        more = f"<p>{count_of(n_more, 'more result')} not shown.</p>" if n_more > 0 else ""
        note = f"{self.note} Bars: cosine from 0 to {full:g}." if cards else self.note
        return f"<section>{head}<p>{text(note)}</p>{body}{more}</section>"


def full_bar(temperature: float) -> float:
    """Return the cosine that texts and clips of a model rarely exceed, 0.1 to 1: 0.4 for CLIP, 1 for vljepa-mini.

    Cosines of matching pairs grow with the temperature a model was trained with.
    """
    return max(0.1, min(1.0, round(40 * temperature, 1)))


def _card(path: Path, hits: Sequence[Hit], full: float, pictures: Mapping[Clip, Preview]) -> str:
    line = file_line(path) + _timeline(path, hits, pictures)
    if len(hits) == 1:
        (hit,) = hits
        about = heading(f"{hit.rank}. {path.name}") + line + _bar("cosine", hit, full) + _also(hit)
        return f'<article>{frames(_clip(hit), pictures)}<div class="text">{about}</div></article>'
    clips = "".join(
        f"<div>{frames(_clip(hit), pictures)}{_bar(f'{hit.rank}.', hit, full)}{_also(hit)}</div>"
        for hit in hits
    )
    about = f'<div class="text">{heading(path.name)}{line}</div>'
    return f'<article class="several">{about}<div class="cards">{clips}</div></article>'


def _also(hit: Hit) -> str:
    """Return where else the footage of a hit is."""
    others = f"also in {count_of(len(hit.copies), 'file')}: {', '.join(hit.copies)}"
    return f"<p>{text(others)}</p>" if hit.copies else ""


def _bar(name: str, hit: Hit, full: float) -> str:
    known = "" if hit.probability is None else f" ({hit.probability:.0%})"
    return bar(name, hit.score / full, f"{hit.score:.3f}{known}")


def _timeline(path: Path, hits: Sequence[Hit], pictures: Mapping[Clip, Preview]) -> str:
    """Return the positions of the hits in their file; "" for an image, a hit of the whole file, an unreadable file."""
    lengths_s = [pictures[_clip(hit)].duration_s for hit in hits if _clip(hit) in pictures]
    length_s = max(lengths_s, default=0.0)
    if not length_s or (len(hits) == 1 and hits[0].end - hits[0].start > 0.99 * length_s):
        return ""
    marks = "".join(_mark(path, hit, length_s) for hit in hits)
    ends = f"<span>0:00</span><span>{timecode(length_s)}</span>"
    return f'<div class="timeline">{marks}</div><p class="ends">{ends}</p>'


def _mark(path: Path, hit: Hit, length_s: float) -> str:
    left, width = 100 * hit.start / length_s, 100 * (hit.end - hit.start) / length_s
    name = f"{hit.rank}. {span(hit.start, hit.end)}"
    return (
        f'<a href="{address(path, hit.start)}" target="_blank" title="{name}" aria-label="{name}"'
        f' style="left:{left:.2f}%;width:{width:.2f}%"></a>'
    )


def _clip(hit: Hit) -> Clip:
    return Clip.from_row(hit.path, hit.start, hit.end)
