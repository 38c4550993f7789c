"""`vlret bench scale`: how an index searches as it grows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlret.cli import options, output


def scale(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Directory for the indexes and the result.")],
    sizes: Annotated[
        str, typer.Option(help="Clips of each index, separated by commas.")
    ] = "10000,100000,1000000",
    json: options.AsJson = False,
) -> None:
    """Build and search indexes of drawn vectors, beside FAISS alone.

    A million clips take about 5 minutes and 3 GB of disk; each index is deleted when it is measured. Run the same
    command again to resume.

    Example: vlret bench scale --out results/scale
    """
    from vlret.evaluation.standalone.scale.run import run_scale
    from vlret.reports.scale_table import scale_table
    from vlret.reports.write_scale import JSON, PLOT, write_scale

    result = run_scale([_count(word) for word in sizes.split(",")], out, output.say)
    write_scale(result, out)
    output.say(f"wrote {output.existing(out / JSON)} and {output.existing(out / PLOT)}")
    if json:
        output.print_json(result.to_json(), indent=None)
    else:
        output.show_lines(scale_table(result))


def _count(word: str) -> int:
    """A number of clips as it was typed."""
    try:
        return int(word)
    except ValueError as error:
        raise typer.BadParameter(f"{word!r} is not a number of clips", param_hint="--sizes") from error
