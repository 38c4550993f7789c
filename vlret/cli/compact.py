"""`vlret compact`: frees the space of clips that were dropped."""

from __future__ import annotations

from vlret.cli import options, output


def compact(index: options.IndexFolder, json: options.AsJson = False) -> None:
    """Rewrite an index without the clips that were dropped, which frees their space."""
    from vlret.index.index import Index

    report = Index.open(index).compact()
    if json:
        output.print_json(report.to_dict())
    else:
        output.show(
            f"removed {report.removed_clips} dropped clips: "
            f"{output.size(report.bytes_before)} are {output.size(report.bytes)} now"
        )
