"""`vlret optimize`: fits the search of an index into a given memory."""

from __future__ import annotations

from typing import Annotated

import typer

from vlret.cli import options, output


def optimize(
    index: options.IndexFolder,
    memory: Annotated[str, typer.Option(help="What searching may take, such as 2GB or 500MB.")],
    json: options.AsJson = False,
) -> None:
    """Make searching an index fit into a given memory.

    Example: vlret optimize indexes/videos --memory 2GB
    """
    from vlret.index.optimize import optimize as optimized

    report = optimized(index, memory)
    if json:
        output.print_json(report.to_dict())
        return
    output.show(f"{report.type}: {output.size(report.memory)}, recall@10 {report.recall_at_10:.3f}")
