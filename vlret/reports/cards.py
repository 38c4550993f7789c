"""A clip on a page: its frames, which link to the file, its time and its captions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vlret.reports.thumbnails import Preview
from vlret.reports.timecode import span, timecode
from vlret.reports.write_page import address, image, text
from vlret.types import Clip


def frames(clip: Clip, pictures: Mapping[Clip, Preview]) -> str:
    """The frames of a clip as a link that plays the file from its start; without pictures, why there are none."""
    time = span(clip.start, clip.end)
    shown = _images(clip, pictures[clip]) if clip in pictures else f"<span>{_why_none(clip.path)}</span>"
    shown += f"<time>{time}</time>" if time else ""
    if not is_there(clip.path):
        return f'<div class="frames gone">{shown}</div>'
    play = text(f"Open {clip.path.name}" + (f" at {timecode(clip.start)}" if time else ""))
    link = f'href="{address(clip.path, clip.start)}" target="_blank" title="{play}"'
    return f'<a class="frames" {link}>{shown}</a>'


def file_line(path: Path) -> str:
    """The directory of a file, with the whole path as tooltip."""
    return f'<p class="file" title="{text(path)}">{text(path.parent)}</p>'


def heading(words: str) -> str:
    """A title of a card; a long name breaks between its words."""
    return f"<h3>{text(words).replace('_', '_<wbr>')}</h3>"


def is_there(path: Path) -> bool:
    """Whether the file still exists."""
    try:
        return path.exists()
    except OSError:  # a name that the system refuses
        return False


def _images(clip: Clip, preview: Preview) -> str:
    """The middle frame first: it is the large one."""
    ordered = sorted(preview.thumbnails, key=lambda one: one is not preview.middle)
    name = clip.path.name
    return "".join(
        image(one.jpeg, f"{name} at {timecode(one.time_s)}" if preview.duration_s else name)
        for one in ordered
    )


def _why_none(path: Path) -> str:
    return "cannot be read" if is_there(path) else "deleted or moved"
