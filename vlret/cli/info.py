"""`vlret info`: what an index contains."""

from __future__ import annotations

from typing import Any

from vlret.cli import options, output
from vlret.text import printable


def info(index: options.IndexFolder, json: options.AsJson = False) -> None:
    """Show what an index contains, and how it was built."""
    from vlret.index.index import Index

    facts = Index.open(index).info()
    if json:
        output.print_json(facts)
        return
    for name, value in _lines(facts).items():
        output.show(f"{name:<8}  {value}")


def _lines(facts: dict[str, Any]) -> dict[str, str]:
    recipe, view = facts["recipe"], facts["view"]
    card = recipe["card"]
    model = (
        f"{card['name']} {card['revision']} ({card['dim']} dimensions, weights {card['weights_hash'][:12]})"
    )
    return {
        "index": facts["index"],
        "holds": f"{facts['clips']} clips of {facts['files']} files; {facts['skipped_files']} files skipped",
        "on disk": f"{output.size(facts['bytes'])} in {facts['shards']} shard{'s' * (facts['shards'] != 1)}; "
        f"{facts['dropped_clips']} clips dropped",
        "files in": printable(", ".join(facts["roots"])),
        "model": model,
        "recipe": f"clips {recipe['clips']}, {recipe['n_frames']} frames a clip at {recipe['sampling']}, "
        f"decoder {recipe['decoder']}, dtype {recipe['dtype']}, query {recipe['query']!r}",
        "search": _search(view),
        "changed": f"{facts['updated']} (made {facts['created']})",
    }


def _search(view: dict[str, Any] | None) -> str:
    if view is None:
        return "to be prepared by the next search"
    if view["nprobe"] == 0:
        return f"exact ({view['type']}), recall@10 1.000"
    return f"{view['type']}, {view['nprobe']} lists a query, recall@10 {view['recall_at_10']:.3f}"
