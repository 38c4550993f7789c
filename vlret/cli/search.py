"""`vlret search`: the clips most similar to a sentence, an image or a video."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from vlret.cli import exports, options, output, search_output
from vlret.errors import UsageError


def search(
    index: options.IndexPlace,
    query: Annotated[
        list[str],
        typer.Argument(
            metavar="QUERY",
            help="A sentence, the path of an image or video, or a moment such as holiday.mp4@1:23.",
        ),
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
    engine: options.Engine = "auto",
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
    moments: Annotated[
        bool,
        typer.Option(
            "--moments",
            help="Show when the answer begins and ends, not the borders of the clip; decodes again.",
        ),
    ] = False,
    export: options.Export = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Not the files whose path contains or matches this."),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="SQL", help='Only clips for which this holds: "duration > 5 and year(taken) = 2024".'
        ),
    ] = None,
    sort: Annotated[str, typer.Option(help="Order of the results: score, time or path.")] = "score",
    page: Annotated[int, typer.Option(min=1, help="The next -k results: 2, 3, ...")] = 1,
    trim_format: Annotated[
        str,
        typer.Option(
            metavar="mp4|webm",
            help="Of --trim: mp4 (H.264), or webm (VP9: no encoder under the GPL is used).",
        ),
    ] = "mp4",
    copies: Annotated[
        bool, typer.Option("--copies", help="List files with the same footage as results of their own.")
    ] = False,
    min_probability: Annotated[
        float | None,
        typer.Option(
            metavar="P", min=0, max=1, help="Only results that are right with this probability, 0 to 1."
        ),
    ] = None,
) -> None:
    """Find the clips most similar to a sentence, image or video.

    Several words are joined into one sentence. Several indexes are searched as one: name them one after the other.

    Example: vlret search indexes/videos a dog runs on the beach --not "snow^0.3" --html dog.html
    """
    from vlret.files import check_output
    from vlret.tasks.query import split_words
    from vlret.tasks.query_vector import parse_weighted
    from vlret.tasks.search_document import search_document
    from vlret.tasks.search_many import ManySearcher

    if json and (paths or null):
        raise UsageError(
            f"--json and {'--null' if null else '--paths'} were given together.", "Give one of them."
        )
    if html:
        check_output(html)
    exports.check_exports(export)
    search_output.check_trim_format(trim_format, trim)
    folders, text = split_words(index, query)
    more, less = ([parse_weighted(part) for part in parts or ()] for parts in (plus, minus))
    settings: dict[str, Any] = {
        "k": k,
        "one_per_file": not all_clips,
        "only": only,
        "moments": moments,
        "exclude": exclude or (),
        "where": where,
        "sort": sort,
        "page": page,
        "fold_copies": not copies,
        "min_probability": min_probability,
    }
    with ManySearcher(folders, model, device, engine) as searcher:
        hits = searcher.search(text, plus=more, minus=less, **settings)
        opened = searcher.indexes
    for warning in hits.warnings:
        output.say(f"warning: {warning}")
    try:  # files first: the reader of stdout may exit (`| head`); printed even if they cannot be written
        if html:
            search_output.write_search_page(html, text, opened, hits)
        if trim:
            search_output.save_clips(trim, hits, trim_format)
        search_output.export_hits(export, text, hits)
    finally:
        if json:
            output.print_json(
                search_document(opened, hits, query=text, plus=plus or (), minus=minus or (), **settings)
            )
        elif paths or null:
            output.show_paths(dict.fromkeys(hit.path for hit in hits), null)
        else:
            search_output.show_hits(hits, opened if all_clips else [])
    if hits.nothing_fits:
        output.say("nothing in this index fits well")
    if not hits:
        search_output.say_nothing_found(
            opened, page, only=only, exclude=exclude, where=where, least=min_probability
        )
    elif not (json or paths or null or all_clips):
        search_output.say_more_clips(hits)
