"""What `vlret search` prints and writes: its hits as lines, a page, or files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vlret.cli import exports, output
from vlret.errors import UsageError
from vlret.text import count_of

if TYPE_CHECKING:
    from vlret.index.index import Index
    from vlret.types import Hits


def show_hits(hits: Hits, indexes: Sequence[Index]) -> None:
    """Print one line per hit; then one for each file of `indexes` with several hits: where in it they are."""
    from vlret.index.gone import is_gone
    from vlret.reports.timecode import span

    for hit in hits:
        notes = [count_of(hit.more_clips, "more clip")] if hit.more_clips else []
        notes += ["file no longer exists"] if is_gone(hit.path) else []
        note = f"  ({', '.join(notes)})" if notes else ""
        known = "" if hit.probability is None else f"{hit.probability:>4.0%}  "
        output.show(
            f"{hit.rank:>3}  {hit.score:6.3f}  {known}{span(hit.start, hit.end):<15}  {hit.path}{note}"
        )
        if hit.copies:
            files = count_of(len(hit.copies), "file")
            output.show(f"{'':28} also in {files}: {', '.join(hit.copies)}")
    _show_timelines(hits, indexes)


def say_nothing_found(
    indexes: Sequence[Index], page: int, least: float | None = None, **filters: str | Sequence[str] | None
) -> None:
    """Say why there is no hit; `filters` are the options that were given, `least` the least probability."""
    given = ", ".join(f"--{name} {value!r}" for name, value in filters.items() if value)
    if not any(map(len, indexes)):
        output.say("no results: the index is empty")
    elif page > 1:
        output.say(f"no results on page {page}")
    elif least:
        output.say(f"no result has a probability of {least:g} or more")
    elif filters["where"] or filters["exclude"]:
        output.say(f"no clip fits {given}")
    else:
        output.say(f"no file matches {given}: give a part of the path, or a pattern such as '*/2024/*'")


def _show_timelines(hits: Hits, indexes: Sequence[Index]) -> None:
    from vlret.reports.text_timeline import text_timeline

    for path in dict.fromkeys(hit.path for hit in hits):
        spans = [(hit.start, hit.end) for hit in hits if hit.path == path]
        if len(spans) > 1:
            ends = [end for index in indexes for end in index.columns.ends[index.clips_at(path)]]
            if ends:
                output.show(f"     {text_timeline(spans, max(ends))}  {path}")


def say_more_clips(hits: Hits) -> None:
    """Say how many more clips of the files of the hits fit."""
    more = sum(hit.more_clips for hit in hits)
    if more:
        verb = "fits" if more == 1 else "fit"
        output.say(f"{count_of(more, 'more clip')} of these files {verb}, too (see them with --all-clips)")


def write_search_page(page: Path, text: str, indexes: Sequence[Index], hits: Hits) -> None:
    """Write the hits to a page."""
    from vlret.reports.search_page import SearchSection, full_bar
    from vlret.reports.write_page import write_page

    folders = ", ".join(index.place for index in indexes)
    models = ", ".join(dict.fromkeys(index.card.name for index in indexes))
    note = f"{count_of(len(hits), 'result')} in {folders} by {models}."
    full = max(full_bar(index.card.temperature) for index in indexes)
    write_page(page, text, [SearchSection("", note, hits, full)])
    output.say(f"wrote {output.existing(page)}")


def export_hits(files: Sequence[Path] | None, text: str, hits: Hits) -> None:
    """Write the hits to each file, in the format of its suffix."""
    from vlret.reports.exports.clip import clips_of_hits

    exports.write_exports(files, clips_of_hits(hits, text), text)


def check_trim_format(form: str, folder: Path | None) -> None:
    """Refuse a form of clips that does not exist, and one that is not the default without a directory for them."""
    from vlret.reports.clip_form import find_form

    find_form(form)
    if form != "mp4" and not folder:
        raise UsageError(
            "--trim-format was given without --trim.", "Give the directory of the clips with --trim."
        )


def save_clips(folder: Path, hits: Hits, form: str) -> None:
    """Save each hit as a file."""
    from vlret.errors import MediaError
    from vlret.reports.trim import save_clip
    from vlret.types import Clip

    for hit in hits:
        try:
            saved = save_clip(Clip.from_row(hit.path, hit.start, hit.end), folder, form)
            output.say(f"saved {output.existing(saved)}")
        except MediaError as error:
            output.say(f"warning: {error}")
