"""`vlret compact`: frees the space of clips that were dropped."""

from __future__ import annotations

from vlret.cli import options, output


def compact(index: options.IndexFolder, json: options.AsJson = False) -> None:
    """Rewrite an index without the clips that were dropped, which frees their space."""
    from vlret.index.index import Index

    opened = Index.open(index)
    before = opened.info()
    opened.compact()
    after = opened.info()
    facts = {
        "index": after["index"], "removed_clips": before["dropped_clips"],
        "bytes_before": before["bytes"], "bytes": after["bytes"],
    }  # fmt: skip
    if json:
        output.print_json(facts)
    else:
        output.show(
            f"removed {facts['removed_clips']} dropped clips: "
            f"{output.size(before['bytes'])} are {output.size(after['bytes'])} now"
        )
