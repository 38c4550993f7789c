"""`vlret bench captions`: captions that models wrote, scored with CIDEr."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from vlret.cli import bench_options, options, output
from vlret.errors import UsageError

if TYPE_CHECKING:
    from vlret.datasets.base import RetrievalSet


def captions(
    predicted: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE.csv",
            help="Captions of a model: columns path, caption; repeat it to compare several.",
        ),
    ] = None,
    captions: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="References: a custom dataset, columns path, caption."),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="References: a retrieval dataset of `vlret bench datasets`.")
    ] = None,
    annotations: bench_options.Annotations = None,
    choice: bench_options.Choices = None,
    allow_missing: Annotated[
        bool,
        typer.Option("--allow-missing", help="Use a part of the owner's annotations; the result says so."),
    ] = False,
    json: options.AsJson = False,
) -> None:
    """Captions that models wrote, scored with CIDEr against the captions of a dataset.

    A path is that in the references, or the id or file name in the dataset. No media are read.

    Example: vlret bench captions --captions videos.csv --predicted model.csv
    """
    from vlret.datasets.custom import read_captions
    from vlret.evaluation.inputs.load_dataset import load_dataset
    from vlret.evaluation.inputs.request import BenchRequest
    from vlret.evaluation.results.json_codec import encode
    from vlret.evaluation.tasks.captions import METRIC, score_captions
    from vlret.reports.bench_notes import trimmed_note
    from vlret.reports.captions_table import captions_table

    if not predicted:
        raise UsageError(
            "No captions of a model were given.",
            "Give --predicted FILE.csv (repeat it to compare several).",
            code="no_predicted_captions",
        )
    request = BenchRequest(
        "retrieval", dataset, annotations, bench_options.named_values(choice), captions,
        protocol={"allow_missing": allow_missing},
    )  # fmt: skip
    known = load_dataset(request)
    rows = score_captions({str(file): read_captions(file) for file in predicted}, cast("RetrievalSet", known))
    trimmed = known.card.choices.get("trimmed")
    if json:
        document = {"set": known.card.name, "trimmed": trimmed, "metric": METRIC, "rows": encode(rows)}
        output.print_json(document, indent=None)
    else:
        output.show_lines(captions_table(rows))
        if trimmed:
            output.show(trimmed_note(trimmed))
