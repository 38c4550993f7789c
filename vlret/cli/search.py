"""`vlret search`: the clips most similar to a sentence, an image or a video."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vlret.cli import options, output
from vlret.errors import UsageError
from vlret.text import count_of

if TYPE_CHECKING:
    from vlret.index.index import Index
    from vlret.types import Hits


def search(
    index: options.IndexFolder,
    query: Annotated[
        list[str],
        typer.Argument(metavar="QUERY", help="A sentence, or the path of an image or video."),
    ],
    k: Annotated[int, typer.Option("-k", min=1, help="Number of results.")] = 10,
    plus: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT[^WEIGHT]", help="Add this to the query, e.g. 'red car^0.8' (default weight 0.5)."
        ),
    ] = None,
    minus: Annotated[
        list[str] | None,
        typer.Option("--not", metavar="TEXT[^WEIGHT]", help="Subtract this from the query."),
    ] = None,
    all_clips: Annotated[
        bool, typer.Option("--all-clips", help="Rank all clips of a video, not only its best one.")
    ] = False,
    model: options.IndexModel = None,
    device: options.Device = "auto",
    json: options.AsJson = False,
    paths: Annotated[
        bool, typer.Option("--paths", help="Print only the paths, one per line, without duplicates.")
    ] = False,
    null: Annotated[
        bool, typer.Option("-0", "--null", help="Like --paths, separated by NUL for `xargs -0`.")
    ] = False,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN",
            help="Only files whose path contains this, such as 2024, or matches it, such as '*/2024/*.mp4'.",
        ),
    ] = None,
    html: options.Html = None,
    trim: Annotated[
        Path | None,
        typer.Option(metavar="DIR", file_okay=False, help="Save each result as a separate clip."),
    ] = None,
) -> None:
    """Find the clips most similar to a sentence, image or video.

    Several words are joined into one sentence.

    Example: vlret search indexes/videos a dog runs on the beach --not "snow^0.3" --html dog.html
    """
    from vlret.files import check_output
    from vlret.tasks.query import one_query
    from vlret.tasks.query_vector import parse_weighted
    from vlret.tasks.search_document import search_document
    from vlret.tasks.searcher import Searcher

    if json and (paths or null):
        raise UsageError(
            f"--json and {'--null' if null else '--paths'} were given together.", "Give one of them."
        )
    if html:
        check_output(html)
    text = one_query(index, query)
    more, less = ([parse_weighted(part) for part in parts or ()] for parts in (plus, minus))
    with Searcher(index, model, device) as searcher:
        opened = searcher.index
        hits = searcher.search(text, k=k, plus=more, minus=less, one_per_file=not all_clips, only=only)
    for warning in hits.warnings:
        output.say(f"warning: {warning}")
    try:  # files first: the reader of stdout may exit (`| head`); printed even if they cannot be written
        if html:
            _write_page(html, text, opened, hits)
        if trim:
            _save_clips(trim, opened, hits)
    finally:
        if json:
            document = search_document(
                opened, hits, query=text, plus=plus or (), minus=minus or (), k=k,
                one_per_file=not all_clips, only=only,
            )  # fmt: skip
            output.print_json(document)
        elif paths or null:
            output.show_paths(dict.fromkeys(hit.path for hit in hits), null)
        else:
            _print(hits)
    if not hits:
        _say_nothing_found(opened, only)
    elif not (json or paths or null or all_clips):
        _say_more_clips(opened, hits)


def _print(hits: Hits) -> None:
    from vlret.index.indexed_files import is_gone
    from vlret.reports.timecode import span

    for hit in hits:
        gone = "  (file no longer exists)" if is_gone(hit.path) else ""
        output.show(f"{hit.rank:>3}  {hit.score:6.3f}  {span(hit.start, hit.end):<15}  {hit.path}{gone}")


def _say_nothing_found(index: Index, only: str | None) -> None:
    if only and len(index):
        output.say(
            f"no file matches --only {only!r}: give a part of the path, or a pattern such as '*/2024/*'"
        )
    else:
        output.say("no results: the index is empty")


def _say_more_clips(index: Index, hits: Hits) -> None:
    paths = {hit.path for hit in hits}
    more = int(index.rows()["path"].isin(paths).sum()) - len(hits)
    if more:
        files = "this file" if len(paths) == 1 else "these files"
        output.say(f"{count_of(more, 'more clip')} in {files} (see them with --all-clips)")


def _write_page(page: Path, text: str, index: Index, hits: Hits) -> None:
    from vlret.reports.search_page import SearchSection, full_bar
    from vlret.reports.write_page import write_page

    note = f"{count_of(len(hits), 'result')} in {index.folder} by {index.card.name}."
    write_page(page, text, [SearchSection("", note, hits, full_bar(index.card.temperature))])
    output.say(f"wrote {output.existing(page)}")


def _save_clips(folder: Path, index: Index, hits: Hits) -> None:
    from vlret.errors import MediaError
    from vlret.reports.trim import save_clip

    for hit in hits:
        try:
            saved = save_clip(index.resolve(hit.clip_id), folder)
            output.say(f"saved {output.existing(saved)}")
        except MediaError as error:
            output.say(f"warning: {error}")
