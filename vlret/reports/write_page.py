"""Self-contained pages: embedded pictures, no script, no network request; names are escaped."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from vlret.files import write_output
from vlret.reports.thumbnails import Preview, previews
from vlret.text import printable
from vlret.types import Clip

MOST_CLIPS = 300
"""Clips shown in a section: more make a page that browsers open slowly."""

_N_FRAMES = 3
_MOST_LETTERS = 500


class Section(Protocol):
    """A part of a page: which clips it shows, and its HTML once their pictures are made."""

    def clips(self) -> Sequence[Clip]:
        """The clips that need pictures."""

    def html(self, pictures: Mapping[Clip, Preview]) -> str:
        """The section; a clip that could not be read has no picture."""


def write_page(path: Path, title: str, sections: Sequence[Section]) -> None:
    """Write the page to `path` (its directory is created if missing); three frames are shown of each clip of a video.

    A clip that cannot be read gets an empty picture and a warning.

    Raises:
        OutputError: it cannot be written; the old page is left as it was.
    """
    pictures = previews((clip for section in sections for clip in section.clips()), _N_FRAMES)
    body = "".join(section.html(pictures) for section in sections)
    write_output(path, page_text(title, body).encode())


def page_text(title: str, body: str) -> str:
    """A whole page around `body`, which is HTML; only embedded pictures and styles load."""
    style = (files("vlret") / "assets" / "page.css").read_text("utf-8")
    return _PAGE.format(title=text(title), style=style, body=body)


def text(words: object, most_letters: int = _MOST_LETTERS) -> str:
    """`words` as HTML text or attribute: one line, no control or hidden characters, cut in the middle if very long."""
    line = printable(words)
    if len(line) > most_letters:
        line = f"{line[: most_letters // 2]}…{line[-most_letters // 2 :]}"
    return escape(line)


def address(path: Path, start_s: float = 0.0) -> str:
    """The `file:` address of a file, or its own, percent-encoded; `#t=SECONDS` lets a browser play from there."""
    seconds = f"{start_s:.3f}".rstrip("0").rstrip(".")
    return path.absolute().as_uri() + (f"#t={seconds}" if start_s else "")


def image(jpeg: bytes, name: str) -> str:
    """An `<img>` that holds the picture itself."""
    return f'<img src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" alt="{text(name)}">'


def bar(name: str, share: float, value: str) -> str:
    """A line `name ... value` over a bar filled to `share` (0 to 1)."""
    width = 100 * min(max(share, 0.0), 1.0)
    return (
        f'<div class="bar"><span>{text(name)}</span><b>{text(value)}</b>'
        f'<div class="track"><i style="width:{width:.1f}%"></i></div></div>'
    )


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
