"""`vlret label`: zero-shot labels for media files or an index."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vlret.cli import exports, options, output
from vlret.text import count_of, printable

if TYPE_CHECKING:
    from vlret.index.index import Index
    from vlret.types import Label


def label(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE|INDEX", help="Sources as for `vlret index`, or one index directory."),
    ],
    labels: Annotated[
        list[str],
        typer.Option(
            metavar="FILE_OR_LIST",
            help="'cat,dog,car', or a .txt, .csv, .tsv, .json or .yaml file of labels.",
        ),
    ],
    column: Annotated[
        str | None, typer.Option(help="Column of the label file: its heading, or its number from 1.")
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help="Prompt template with one {} for the label. Repeat it to average several (default: the model's).",
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Number of best labels listed per clip.")] = 5,
    threshold: Annotated[
        str | None,
        typer.Option(
            help="Label a clip 'unknown' below this probability (0 to 1); 'auto' uses the model's calibrated one."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write a .csv, .parquet or .jsonl table, and print the totals per label."),
    ] = None,
    model: options.SourceModel = None,
    device: options.Device = "auto",
    engine: options.Engine = "auto",
    json: options.AsJson = False,
    html: options.Html = None,
    strict: options.Strict = False,
    export: options.Export = None,
) -> None:
    """Label videos and images with names from a list (zero-shot classification).

    An index is labelled from its stored embeddings, without decoding again.

    Example: vlret label clips/ --labels "cooking,sports,news" --threshold 0.5 --out labels.csv
    """
    from vlret.tasks.label_list import read_labels

    _check_outputs(out, html)
    exports.check_exports(export)
    names, least = [name for text in labels for name in read_labels(text, column)], _probability(threshold)
    output.say(_summary(names))
    output.say(f"loading {model or 'the model'}")
    from vlret.reports.exports.clip import clips_of_labels
    from vlret.tasks.label import classify
    from vlret.tasks.temporary_index import open_or_index
    from vlret.types import labels_to_json

    with open_or_index(sources, model, device, engine) as source:
        output.say_files("skipped", source.skipped)
        output.say_files("partially read", source.partial)
        items = classify(
            source.index, names, model=source.model, templates=template, top=top, threshold=least
        )
        try:  # files first: the reader of stdout may exit (`| head`); printed even if they cannot be written
            _write_outputs(out, html, items, source.index)
            exports.write_exports(export, clips_of_labels(items), "Labels")
        finally:
            if json:
                output.print_json(labels_to_json(source.index.card.name, names, items))
            elif out:
                _print_totals(items)
            else:
                _print_rows(items)
    if not items or (strict and source.skipped):
        raise typer.Exit(1)


def _check_outputs(out: Path | None, html: Path | None) -> None:
    """Refuse files that cannot be written, before any long work."""
    from vlret.files import check_output
    from vlret.reports.label_table import check_table

    if out:
        check_table(out)
    for file in filter(None, (out, html)):
        check_output(file)


def _summary(names: list[str]) -> str:
    """Return how the labels were read, so that a misread file is noticed at once."""
    if len(names) == 1:
        return f"{names[0]!r} is the only label: every clip gets it with probability 100%"
    few = names if len(names) <= 4 else [*names[:3], "...", names[-1]]
    return f"{len(names)} labels: {', '.join(map(printable, few))}"


def _probability(text: str | None) -> float | Literal["auto"] | None:
    if text is None or text == "auto":
        return text  # type: ignore[return-value]
    if not re.fullmatch(r"0|1|1\.0*|0?\.\d+", text):
        raise typer.BadParameter(
            f"--threshold was given as {text!r}. Give a probability from 0 to 1, or 'auto'."
        )
    return float(text)


def _print_rows(items: list[Label]) -> None:
    from vlret.reports.timecode import span

    width = max((len(item.label) for item in items), default=0)
    for item in items:
        output.show(
            f"{item.label:<{width}}  {item.probability:4.0%}  {span(item.start, item.end):<15}  {item.path}"
        )


def _print_totals(items: list[Label]) -> None:
    """Print how many clips each label has, the most frequent first and "unknown" last; the table has the rows."""
    from vlret.tasks.label import UNKNOWN

    totals = Counter(item.label for item in items).most_common()
    for name, number in sorted(totals, key=lambda total: total[0] == UNKNOWN):
        output.show(f"{number:>7}  {number / len(items):4.0%}  {name}")


def _write_outputs(out: Path | None, html: Path | None, items: list[Label], index: Index) -> None:
    from vlret.reports.label_page import LabelSection
    from vlret.reports.label_table import write_table
    from vlret.reports.write_page import write_page

    if out:
        write_table(out, items)
        output.say(f"wrote {output.existing(out)}")
    if html:
        note = f"{count_of(len(items), 'clip')} labelled by {index.card.name}."
        write_page(html, "Labels", [LabelSection("", note, items)])
        output.say(f"wrote {output.existing(html)}")
