"""`vlret bench captions`: captions that models wrote, scored with CIDEr."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from vlret.cli import options, output
from vlret.errors import UsageError

if TYPE_CHECKING:
    from vlret.datasets.base import RetrievalSet


def captions(
    predicted: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE.csv", help="What a model wrote: columns path, caption; give several to compare."
        ),
    ] = None,
    captions: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="What is true: your own set, columns path, caption."),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="In its place a retrieval set of `vlret bench datasets`.")
    ] = None,
    annotations: options.Annotations = None,
    choice: options.Choice = None,
    allow_missing: Annotated[
        bool,
        typer.Option("--allow-missing", help="Take a part of the owner's annotations; the result says so."),
    ] = False,
    json: options.AsJson = False,
) -> None:
    """Captions that models wrote, scored with CIDEr against the captions of a set.

    A path is that of the other file, or the id or file name in the set. No media are read.

    Example: vlret bench captions --captions videos.csv --predicted model.csv
    """
    from vlret.datasets.own import read_captions
    from vlret.evaluation.inputs.request import Order, load_set
    from vlret.evaluation.tasks.captions import METRIC, score_captions
    from vlret.reports.bench_notes import trimmed_note
    from vlret.reports.captions_table import captions_table

    if not predicted:
        raise UsageError(
            "No captions of a model were given.", "Give --predicted FILE.csv (several to compare)."
        )
    protocol = {"allow_missing": allow_missing}
    order = Order("retrieval", dataset, annotations, options.choices(choice), captions, protocol=protocol)
    known = load_set(order)
    rows = score_captions({str(file): read_captions(file) for file in predicted}, cast("RetrievalSet", known))
    trimmed = known.card.choices.get("trimmed")
    if json:
        document = {"set": known.card.name, "trimmed": trimmed, "metric": METRIC, "rows": rows}
        output.print_json(document, indent=None)
    else:
        output.show_lines(captions_table(rows))
        if trimmed:
            output.show(trimmed_note(trimmed))
