"""`vlret label`: zero-shot labels for media or for an index."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vlret.cli import options, output
from vlret.text import printable

if TYPE_CHECKING:
    from vlret.index.index import Index
    from vlret.types import Label


def label(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE|INDEX", help="Media as for `vlret index`, or one index folder."),
    ],
    labels: Annotated[
        list[str],
        typer.Option(
            metavar="FILE_OR_LIST", help="'cat,dog,car', or a .txt, .csv, .tsv, .json or .yaml of labels."
        ),
    ],
    column: Annotated[
        str | None, typer.Option(help="Column of a table of labels: its heading, or its number from 1.")
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option(help="Prompt with one {} for the label; several are averaged (default: the model's)."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Labels listed for each clip.")] = 5,
    threshold: Annotated[
        str | None,
        typer.Option(help="Below this probability (0 to 1) a clip is 'unknown'; 'auto': the model's own."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write .csv, .parquet or .jsonl, and print the totals.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help=f"Name or folder (default: the index's own, {options.DEFAULT_MODEL} for media)."),
    ] = None,
    device: options.Device = "auto",
    json: options.AsJson = False,
    html: options.Html = None,
    strict: options.Strict = False,
) -> None:
    """Label videos and images from a list of names.

    An index is labelled from its vectors, without decoding again.

    Example: vlret label clips/ --labels "cooking,sports,news" --threshold 0.5 --out labels.csv
    """
    from vlret.files import check_output
    from vlret.reports.label_table import check_table, write_table
    from vlret.tasks.label_list import read_labels

    if out:
        check_table(out)
    for file in filter(None, (out, html)):
        check_output(file)
    names, least = [name for text in labels for name in read_labels(text, column)], _probability(threshold)
    output.say(_told(names))
    output.say(f"loading {model or 'the model'}")
    from vlret.tasks.label import classify
    from vlret.tasks.temporary_index import open_or_index

    with open_or_index(sources, model, device) as source:
        output.say_files("skipped", source.skipped)
        output.say_files("partly read", source.partial)
        items = classify(
            source.index,
            names,
            model=source.model,
            templates=template,
            top=top,
            threshold=least,
        )
        try:  # files first: whoever reads may go (`| head`); printed even if they cannot be written
            if out:
                write_table(out, items)
                output.say(f"wrote {output.existing(out)}")
            if html:
                _write_page(html, items, source.index)
        finally:
            if json:
                _print_json(items, names, source.index.card.name)
            elif out:
                _print_totals(items)
            else:
                _print_rows(items)
    if not items or (strict and source.skipped):
        raise typer.Exit(1)


def _told(names: list[str]) -> str:
    """How the labels were read, so that a file that was misread is seen at once."""
    if len(names) == 1:
        return f"{names[0]!r} is the only label: every clip gets it with 100%"
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


def _print_json(items: list[Label], names: list[str], model: str) -> None:
    from vlret.reports.label_table import label_dict

    output.print_json({"model": model, "labels": names, "items": [label_dict(item) for item in items]})


def _print_rows(items: list[Label]) -> None:
    from vlret.reports.timecode import span

    width = max((len(item.label) for item in items), default=0)
    for item in items:
        output.show(
            f"{item.label:<{width}}  {item.probability:4.0%}  {span(item.start, item.end):<15}  {item.path}"
        )


def _print_totals(items: list[Label]) -> None:
    """How many clips each label has, the most frequent first and "unknown" last: the rows are in the table."""
    from vlret.tasks.label import UNKNOWN

    totals = Counter(item.label for item in items).most_common()
    for name, number in sorted(totals, key=lambda total: total[0] == UNKNOWN):
        output.show(f"{number:>7}  {number / len(items):4.0%}  {name}")


def _write_page(page: Path, items: list[Label], index: Index) -> None:
    from vlret.reports.html import write_page
    from vlret.reports.label_page import LabelSection

    note = f"{len(items)} clips labelled by {index.card.name}."
    write_page(page, "Labels", [LabelSection("", note, items)])
    output.say(f"wrote {output.existing(page)}")
