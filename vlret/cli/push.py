"""`vlret push`: writes an index into a database, where it can be searched."""

from __future__ import annotations

from typing import Annotated

import typer

from vlret.cli import options, output
from vlret.text import count_of


def push(
    index: options.IndexFolder,
    to: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="lancedb:DIR, lancedb:s3://BUCKET/DIR, qdrant:http://HOST:6333, qdrant:DIR or "
            "postgresql://USER@HOST/NAME; #TABLE at the end names the table (default: clips).",
        ),
    ],
    json: options.AsJson = False,
) -> None:
    """Write an index into a database, or only what has changed since the last time.

    Search it there with the same options: vlret search ADDRESS a dog on the beach

    Example: vlret push indexes/videos --to postgresql://me@localhost/videos
    """
    from vlret.index.pushed.push import push as pushed

    report = pushed(index, to)
    if json:
        output.print_json(report.to_dict())
        return
    how = "every search is exact" if report.is_exact else f"recall@10 {report.recall_at_10:.3f}"
    changed = f"{report.written} written, {report.removed} removed"
    output.show(f"{report.address}: {count_of(report.clips, 'clip')} ({changed}); {how}")
