"""`vlret search`: the clips nearest to a sentence, an image or a video."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vlret.cli import options, output
from vlret.errors import UsageError

if TYPE_CHECKING:
    from vlret.index.index import Index
    from vlret.types import Hit


def search(
    index: options.IndexFolder,
    query: Annotated[
        list[str],
        typer.Argument(metavar="QUERY", help="A sentence, or the path of an image or video."),
    ],
    k: Annotated[int, typer.Option("-k", min=1, help="How many results.")] = 10,
    plus: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT[^WEIGHT]", help="More of this; 'red car^0.8' weighs it (default 0.5)."),
    ] = None,
    minus: Annotated[
        list[str] | None,
        typer.Option("--not", metavar="TEXT[^WEIGHT]", help="Less of this, in the same form."),
    ] = None,
    all_clips: Annotated[
        bool, typer.Option("--all-clips", help="Every clip of a video, not only its best.")
    ] = False,
    model: options.IndexModel = None,
    device: options.Device = "auto",
    json: options.AsJson = False,
    paths: Annotated[
        bool, typer.Option("--paths", help="Print the paths only, each once, one a line.")
    ] = False,
    only: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="Files whose path matches, such as '*/2024/*'.")
    ] = None,
    html: options.Html = None,
    trim: Annotated[
        Path | None,
        typer.Option(metavar="DIR", file_okay=False, help="Save each result as a clip of its own."),
    ] = None,
) -> None:
    """Find the clips nearest to a sentence, image or video.

    Several words make one sentence.

    Example: vlret search indexes/videos a dog runs on the beach --not "snow^0.3" --html dog.html
    """
    from vlret.files import check_output
    from vlret.index.index import Index
    from vlret.tasks.fit import model_of
    from vlret.tasks.search import parse_weighted
    from vlret.tasks.search import search as find

    if json and paths:
        raise UsageError("--json and --paths were given together.", "Give one of them.")
    if html:
        check_output(html)
    opened = Index.open(index)
    text = " ".join(query)
    hits = find(
        opened,
        text,
        model=model_of(opened, model, device),
        k=k,
        plus=[parse_weighted(part) for part in plus or ()],
        minus=[parse_weighted(part) for part in minus or ()],
        one_per_file=not all_clips,
        only=only,
    )
    if json:
        _print_json(opened, text, hits)
    elif paths:
        print("".join(f"{path}\n" for path in dict.fromkeys(hit.path for hit in hits)), end="")
    else:
        _print(hits)
    if not hits:
        output.say("nothing was found")
    if html:
        _write_page(html, text, opened, hits)
    if trim:
        _save_clips(trim, opened, hits)


def _print_json(index: Index, query: str, hits: list[Hit]) -> None:
    fields = ("rank", "score", "path", "start", "end")
    found = [{name: getattr(hit, name) for name in fields} for hit in hits]
    output.print_json({"query": query, "index": str(index.folder), "model": index.card.name, "hits": found})


def _print(hits: list[Hit]) -> None:
    from vlret.reports.timecode import span

    for hit in hits:
        print(f"{hit.rank:>3}  {hit.score:6.3f}  {span(hit.start, hit.end):<15}  {hit.path}")


def _write_page(page: Path, text: str, index: Index, hits: list[Hit]) -> None:
    from vlret.reports.html import write_page
    from vlret.reports.search_page import SearchSection, full_bar

    note = f"{len(hits)} results in {index.folder} by {index.card.name}."
    write_page(page, text, [SearchSection("", note, hits, full_bar(index.card.temperature))])
    output.say(f"wrote {output.existing(page)}")


def _save_clips(folder: Path, index: Index, hits: list[Hit]) -> None:
    from vlret.errors import MediaError
    from vlret.reports.trim import save_clip

    for hit in hits:
        try:
            saved = save_clip(index.resolve(hit.clip_id), folder)
            output.say(f"saved {output.existing(saved)}")
        except MediaError as error:
            output.say(f"warning: {error}")
