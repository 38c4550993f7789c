"""`vlret compact`: frees the space of dropped clips."""

from __future__ import annotations

from vlret.cli import options, output
from vlret.text import count_of


def compact(index: options.IndexFolder, json: options.AsJson = False) -> None:
    """Rewrite an index without its dropped clips, to free their space."""
    from vlret.index.index import Index

    report = Index.open(index).compact()
    if json:
        output.print_json(report.to_dict())
    else:
        clips, before = count_of(report.removed_clips, "dropped clip"), output.size(report.bytes_before)
        output.show(f"removed {clips}: {before} -> {output.size(report.bytes)}")
